"""What the operator of the site does before the journey: staff, a machine with hours, a call, and a provider's data.

Run as a process of the site, with its settings: `python -m tests.journeys.stage`. Done with the services.
"""

import sys
from pathlib import Path

import django

TEXT_BYTES = 150_000


def main() -> None:
    """Set up the demo's machine and call, everybody but the applicant, and a dataset of real text."""
    django.setup()
    from django.conf import settings
    from fabrica.config.demo import stage
    from fabrica.config.demo.cast import CAST, passwords
    from fabrica.kit.time import utcnow
    from fabrica.people import services

    now, words, people = utcnow(), passwords(settings.FABRICA_HOME), {}
    for part in CAST:
        if part.key == "ada":
            continue  # signs up on the page
        person = services.register_person(email=part.email, name=part.name, password=words[part.key], now=now)
        services.accept_terms(by=person, now=now)
        for role in part.roles:
            services.grant_role(person=person, role=role, by=None, now=now)
        people[part.key] = person
    type(person).objects.filter(pk=people["ingrid"].pk).update(is_staff=True, is_superuser=True)
    if settings.FABRICA_DEMO:
        machine = stage.machine_of(stage.Stage(), people["ingrid"], now)
        stage.call_on(machine, people["ingrid"], now)
        publish(people["petra"], now)


def publish(provider, now) -> None:
    """A small folder of real text, published by its provider."""
    from fabrica.config.demo import text
    from fabrica.dataspaces import services
    from fabrica.dataspaces.tests.factories import sent
    from fabrica.people.services import register_organisation

    foundation = register_organisation(
        name="Open Text Foundation", country="DE", kind="research", registration_number="HRB 86 9912",
        by=provider, now=now,
    )  # fmt: skip
    dataset = services.create_dataset(
        organisation=foundation,
        slug="python-stdlib",
        values={
            "title": "Python's standard library",
            "description": "Sources of the standard library of Python, with their documentation strings.",
            "provenance": "From the Python that runs this site.",
            "licence": text.LICENCE,
            "licence_url": text.LICENCE_URL,
            "policy_text": "For any lawful civilian purpose. Keep the licence with what you pass on.",
            "language": "en",
            "has_personal_data": False,
        },
        by=provider,
        now=now,
    )
    version = services.new_version(dataset=dataset, by=provider, now=now)
    services.add_files(version=version, files=sent(texts()), by=provider, now=now)
    services.publish(version=version, by=provider, now=now)


def texts() -> dict[str, bytes]:
    """Files of the standard library, small enough to train on in a moment."""
    found, total = {}, 0
    for path in sorted(Path(sys.modules["email"].__file__).parent.glob("*.py")):
        content = path.read_bytes()
        if content.strip() and total + len(content) <= TEXT_BYTES:
            found[f"email/{path.name}"], total = content, total + len(content)
    return found


if __name__ == "__main__":
    import email  # noqa: F401 - the package whose sources are read

    main()
