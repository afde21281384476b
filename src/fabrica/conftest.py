"""What every test may ask for: a fixed moment, the cast, and a factory with an open call."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_django import Settings

from fabrica.calls import services as calls
from fabrica.calls.models import Call
from fabrica.clusters import services as clusters
from fabrica.clusters.models import Machine
from fabrica.people import services as people
from fabrica.people.models import Member, Organisation, Person
from fabrica.people.states import MemberRole, Role

PASSWORD = "correct horse battery"
# The machine may be busy with anything else: how long an example takes to make or to try is no verdict.
hypothesis.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("house")


@dataclass(frozen=True)
class Cast:
    """The people of every test. The team mate works with the applicant; the outsider for somebody else."""

    applicant: Person
    mate: Person
    officer: Person
    assessor: Person
    operator: Person
    provider: Person
    outsider: Person
    startup: Organisation
    hospital: Organisation
    stranger: Organisation


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database, so that it can be run on PostgreSQL alone; say what needs that server."""
    for item in items:
        if item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if item.get_closest_marker("postgres"):
            item.add_marker("database")
            if connection.vendor != "postgresql":
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: `make test-postgres` runs it"))


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """What a test finds is English: a request in another language leaves it to the thread, and so to the next test."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    """A Monday morning."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def make_person(name: str, now: datetime, *roles: Role) -> Person:
    """A person who accepted the terms, with a password and roles."""
    email = f"{name}@example.org"
    person = people.register_person(email=email, name=name.title(), password=PASSWORD, now=now)
    people.accept_terms(by=person, now=now)
    for role in roles:
        people.grant_role(person=person, role=role, by=None, now=now)
    return person


def make_organisation(name: str, admin: Person, now: datetime, kind: str = "startup") -> Organisation:
    """An organisation with its administrator."""
    return people.register_organisation(
        name=name, country="FR", kind=kind, registration_number=f"FR {name}", by=admin, now=now
    )


@pytest.fixture
def cast(db: None, now: datetime, settings: Settings) -> Cast:
    """Applicant, mate, officer, assessor, operator, provider, outsider. As in the demo, no second factor is asked."""
    settings.FABRICA_DEMO = True
    applicant, mate = make_person("ada", now), make_person("max", now)
    provider, outsider = make_person("petra", now, Role.PROVIDER), make_person("otto", now)
    startup = make_organisation("Novalis Labs", applicant, now)
    Member.objects.create(organisation=startup, person=mate, role=MemberRole.MEMBER, joined_at=now)
    return Cast(
        applicant=applicant,
        mate=mate,
        officer=make_person("olga", now, Role.OFFICER),
        assessor=make_person("tomas", now, Role.ASSESSOR),
        operator=make_person("ingrid", now, Role.OPERATOR),
        provider=provider,
        outsider=outsider,
        startup=startup,
        hospital=make_organisation("Saint Luke Hospital", provider, now, "public"),
        stranger=make_organisation("Stranger Things", outsider, now, "sme"),
    )


@pytest.fixture
def machine(cast: Cast, now: datetime) -> Machine:
    """One machine with two devices, spoken to through the adapter `fake`."""
    site = clusters.register_site(slug="here", name="Here", country="FR", by=cast.operator, now=now)
    clusters.set_dry_run(site=site, is_dry_run=False, by=cast.operator, now=now)
    return clusters.register_machine(
        site=site, slug="one", name="Machine One", adapter="fake", device="cpu", devices_total=2,
        by=cast.operator, now=now,
    )  # fmt: skip


@pytest.fixture
def call(cast: Cast, machine: Machine, now: datetime) -> Call:
    """An open Playground call on the machine, since yesterday."""
    return calls.open_call(
        slug="playground", title="Playground 2026", mode="playground", machine=machine,
        by=cast.operator, now=now - timedelta(days=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Headless Chromium, from `CHROMIUM` or Debian's place; `make browser` says where there is none.

    Playwright keeps an event loop running in this thread, which makes Django think that it is called from one.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow import, for few tests

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(request: pytest.FixtureRequest, chromium: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a window of its own: `visit("/home/", "officer", color_scheme="dark")`.

    For one of the cast by name, for a person, or for nobody. What scripts and console complain of is in `complaints`.
    """
    contexts: list[Any] = []

    def opened(address: str, who: str | Person = "", **options: Any) -> Any:
        context = chromium.new_context(**{"locale": "en-GB", "reduced_motion": "reduce", **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        person = getattr(request.getfixturevalue("cast"), who) if who and isinstance(who, str) else who
        if person:
            context.add_cookies([_session_of(person, live_server.url)])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield opened
    for context in contexts:
        context.close()


def _session_of(person: Person, url: str) -> dict[str, str]:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = site_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}
