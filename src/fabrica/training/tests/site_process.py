"""A site in processes of its own, to be killed. It reads one wish a line, as JSON, and answers on lines:

    {"launch": {...}, "die": "...", "ahead": 0}     ->  {"pid": 7}, a report of the newest run, {"status": 0}

Each wish is done by a fresh child: a worker that runs its loops until the newest run has ended. `launch` launches a
run first. `die` names a moment at which the child kills itself with SIGKILL, as a machine that loses its power would;
then there is no report. `ahead` is added to the clock, so that what a dead worker claimed is free again. The first
child makes the site in $FABRICA_HOME. This process itself never opens the database.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.config.settings_test")
django.setup()

from django.conf import settings
from django.core.management import call_command
from fabrica.allocations import queries as awards
from fabrica.allocations import services as allocations
from fabrica.allocations import tasks as accounts
from fabrica.allocations.models import Transfer
from fabrica.calls import services as calls
from fabrica.clusters import queries as clusters
from fabrica.clusters import services as machines
from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.conftest import Cast, make_organisation, make_person
from fabrica.dataspaces import queries as dataspaces
from fabrica.kit.time import utcnow
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.training import services, tasks
from fabrica.training.models import Run
from fabrica.training.tests import factories

SECONDS_AT_MOST = 120
CLUSTER = LocalCluster(
    Path(settings.FABRICA_HOME) / "cluster", Settings(devices_total=1, threads_per_device=1, grace_seconds=2)
)


def setup() -> None:
    call_command("migrate", verbosity=0)
    settings.FABRICA_DEMO = True
    now = utcnow()
    cast = make_cast(now)
    site = machines.register_site(slug="here", name="Here", country="FR", by=cast.operator, now=now)
    machines.set_dry_run(site=site, is_dry_run=False, by=cast.operator, now=now)
    machine = machines.register_machine(
        site=site, slug="own", name="Own", adapter="local", device="cpu", devices_total=1, by=cast.operator, now=now
    )
    call = calls.open_call(
        slug="playground", title="Playground", mode="playground", machine=machine, by=cast.operator, now=now
    )
    factories.open_site(cast, call, CLUSTER, now)


def make_cast(now) -> Cast:
    applicant, provider, outsider = (make_person(name, now) for name in ("ada", "petra", "otto"))
    return Cast(
        applicant=applicant, mate=outsider, outsider=outsider, provider=provider,
        officer=make_person("olga", now, Role.OFFICER),
        assessor=make_person("tomas", now, Role.ASSESSOR),
        operator=make_person("ingrid", now, Role.OPERATOR),
        startup=make_organisation("Novalis Labs", applicant, now),
        hospital=make_organisation("Saint Luke", provider, now, "public"),
        stranger=make_organisation("Stranger Things", outsider, now, "sme"),
    )  # fmt: skip


def work(wish: dict) -> None:
    clusters.serve("local", lambda _machine: CLUSTER)
    if "launch" in wish:
        launch(wish["launch"])
    arm(wish.get("die", ""))
    run = Run.objects.latest("pk")
    began = time.monotonic()
    while not Run.objects.get(pk=run.pk).is_ended and time.monotonic() - began < SECONDS_AT_MOST:
        now = utcnow() + timedelta(seconds=wish.get("ahead", 0))
        if not any([tasks.submit(now), tasks.follow(now), accounts.reconcile(now)]):
            time.sleep(0.05)
    say(report(run))


def launch(wish: dict) -> None:
    project = Project.objects.get()
    run = services.launch(
        project=project, recipe=wish.get("recipe"), command=wish.get("command"), time_limit_seconds=120,
        stagings=list(dataspaces.staged(project)), by=project.members.get().person, now=utcnow(),
    )  # fmt: skip
    if wish.get("disk_is_full"):
        limit_files_of_jobs(150_000)
    if wish.get("data_is_gone"):
        path = run.data.get().staging.path
        path.rename(path.with_name("gone"))


def limit_files_of_jobs(size_bytes: int) -> None:
    """Give jobs so little room that their first checkpoint does not fit; the database of this process has its own."""
    submit = CLUSTER.submit

    def with_little_room(job):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
        try:
            return submit(job)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    CLUSTER.submit = with_little_room


def arm(moment: str) -> None:
    """Put the end of this process at a moment."""

    def before(module, name):
        setattr(module, name, lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL))

    def after(module, name):
        real = getattr(module, name)

        def done(*args, **kwargs):
            real(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(module, name, done)

    moments = {
        "before submitting": lambda: before(CLUSTER, "submit"),
        "between submitting and recording": lambda: before(services, "record_job"),
        "while it runs": lambda: after(services, "note"),
        "between the end and booking": lambda: before(allocations, "book"),
        "between booking and ending": lambda: after(allocations, "book"),
        "after ending": lambda: after(services, "end"),
    }
    if moment:
        moments[moment]()


def report(run: Run) -> dict:
    run.refresh_from_db()
    balance = awards.balance(run.award)
    moved = Transfer.objects.filter(kind="spend", hold_key=run.uid).order_by("pk")
    tokens = set(run.attempts.values_list("token", flat=True))
    jobs = [one for one in CLUSTER.usage(run.created_at) if one.token in tokens]
    return {
        "state": run.state,
        "error": [run.error_what, run.error_why, run.error_todo],
        "attempts": [[one.gpu_seconds, one.ended_because] for one in run.attempts.all()],
        "usage": [[f"usage:own:{one.key}", one.gpu_seconds] for one in jobs],
        "spent": [[one.key, one.gpu_seconds] for one in moved],
        "used": run.used_gpu_seconds,
        "balance": [balance.free, balance.held, balance.used],
        "used_by_all": sum(Run.objects.values_list("used_gpu_seconds", flat=True)),
        "ledger": awards.check_ledger(),
        "steps": [one.step for one in run.points.all()],
        "files": sorted(path.name for path in (run.folder / "out").glob("*")),
        "lines": [json.loads(line)["step"] for line in read(run.folder / "metrics.jsonl").splitlines()],
    }


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def say(values: dict) -> None:
    print(json.dumps(values), flush=True)


def in_child(work, *args) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            work(*args)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    say({"pid": pid})
    say({"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])})


if __name__ == "__main__":
    in_child(setup)
    for line in sys.stdin:
        in_child(work, json.loads(line))
