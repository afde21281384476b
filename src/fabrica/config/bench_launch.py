"""From the click to the page: a launch, handed over by a worker of its own process, seen in what the run's page shows.

On a site of its own with SQLite and the machine `local`. Prints JSON: name, value and unit of each figure.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

HOME = tempfile.TemporaryDirectory(prefix="fabrica-bench-launch-")
os.environ.pop("DATABASE_URL", None)
os.environ.update(FABRICA_HOME=HOME.name, FABRICA_DEMO="1", FABRICA_SECRET_KEY="bench-" + "0" * 40)
os.environ.update(FABRICA_LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="fabrica.config.settings")

import django  # noqa: E402 - after the environment

django.setup()

from django.core.management import call_command  # noqa: E402 - after Django is set up
from django.test import Client  # noqa: E402 - the same

from fabrica.allocations.models import Award, ClusterAccount  # noqa: E402 - the same
from fabrica.allocations.queries import is_ready  # noqa: E402 - the same
from fabrica.config import bench_data  # noqa: E402 - the same
from fabrica.kit.time import utcnow  # noqa: E402 - the same
from fabrica.people.models import Person  # noqa: E402 - the same
from fabrica.people.services import accept_terms  # noqa: E402 - the same
from fabrica.projects.models import Project  # noqa: E402 - the same
from fabrica.training import services  # noqa: E402 - the same
from fabrica.training.states import FINAL, State  # noqa: E402 - the same

LAUNCHES = 10
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.02


def seconds_until(true: Callable[[], bool]) -> float:
    """How long it took until it was so. Ends the program where it never is."""
    begun = time.perf_counter()
    while not true():
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            sys.exit("The worker did not do its part.")
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun


def member() -> tuple[Award, Person]:
    """Somebody of a project with an hour on this machine, whose account the worker has yet to make."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    bench_data.fill_awards(1)
    ClusterAccount.objects.update(known=[], ready_at=None, gpu_seconds_applied=None)
    award = Award.objects.select_related("project").get()
    person = award.project.members.select_related("person").order_by("pk")[0].person
    accept_terms(by=person, now=utcnow())
    return award, person


def one(project: Project, by: Person) -> tuple[float, float]:
    """Launch a command; the seconds until page and API show it on the machine, and until they show its end."""
    page = Client(SERVER_NAME="127.0.0.1")
    page.force_login(by, "allauth.account.auth_backends.AuthenticationBackend")
    run = services.launch(
        project=project, recipe=None, command=["true"], stagings=[], time_limit_seconds=60, by=by, now=utcnow()
    )

    def shown() -> str:
        html, api = page.get(run.path), page.get(f"/api{run.path.rstrip('/')}")
        if html.status_code != 200 or api.status_code != 200:  # noqa: PLR2004 - HTTP
            sys.exit(f"{run.path} answered {html.status_code} and {api.status_code}")
        return str(api.json()["state"])

    taken = seconds_until(lambda: shown() != State.QUEUED)
    return taken, taken + seconds_until(lambda: shown() in FINAL)


def main() -> None:
    """Measure, print."""
    award, by = member()
    worker = subprocess.Popen([sys.executable, "-m", "fabrica.config", "work"], stdout=subprocess.DEVNULL)
    try:
        seconds_until(lambda: is_ready(award))
        told = [one(award.project, by) for _ in range(LAUNCHES)]
    finally:
        worker.terminate()
        worker.wait()
    taken = sorted(first for first, _end in told)
    figures = [
        ("submitted, shown on the machine, median", statistics.median(taken), "s"),
        (f"submitted, shown on the machine, slowest of {LAUNCHES}", taken[-1], "s"),
        ("submitted, shown as ended (the command `true`), median", statistics.median(end for _, end in told), "s"),
    ]
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
