"""Which adapter serves which port, and which loops the worker runs."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.clusters.adapters.port import Cluster
from fabrica.clusters.adapters.slurm import SlurmCluster, SlurmRest, read_settings
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import serve
from fabrica.notices.services import tell
from fabrica.people.queries import carry_through, hear_of_interests, hinder_erasure_by
from fabrica.projects.queries import must_hand_over
from fabrica.projects.services import leave_all
from fabrica.reviews.queries import told_of

Loop = Callable[[datetime], bool]

# context, function: each looks at one row and says whether there was one
LOOPS = [
    ("people", "forget_ended"),
    ("people", "erase"),
    ("applications", "recount"),
    ("applications", "ring"),
    ("applications", "sweep"),
    ("trust", "remind"),
    ("allocations", "name_people"),
    ("allocations", "reconcile"),
    ("dataspaces", "stage"),
    ("training", "submit"),
    ("training", "follow"),
    ("registry", "register"),
    ("registry", "take_in_evaluation"),
    ("registry", "watch_reports"),
    ("registry", "write_to_reporter"),
    ("registry", "forget_reporters"),
    ("clusters", "observe"),
    ("clusters", "meter"),
    ("allocations", "meter_book"),
    ("training", "correct"),
    ("allocations", "watch"),
    ("allocations", "release_phases"),
    ("allocations", "return_unused"),
    ("allocations", "draft_invoices"),
    ("portal", "look_after"),
    ("trust", "remind_of_clock"),
    ("projects", "send_invitation"),
    ("notices", "send"),
    ("audit", "seal"),
]
_local: dict[Path, LocalCluster] = {}
_slurm: dict[Path, tuple[float, Cluster]] = {}


def wire() -> None:
    """Fill every port. Called once, when the site starts."""
    serve("local", _local_cluster)
    serve("slurm", _slurm_cluster)
    hinder_erasure_by(must_hand_over, lambda person, now: leave_all(person=person, now=now))
    hear_of_interests(told_of)
    carry_through(partial(tell, at_once=True))  # who can sign in as them is not told tomorrow


def _local_cluster(machine: Machine) -> LocalCluster:
    """This computer as a cluster. One object per process and folder: it remembers what has ended."""
    folder = settings.FABRICA_HOME / "cluster" / machine.slug
    if folder not in _local:
        _local[folder] = LocalCluster(folder, Settings(devices_total=machine.devices_total))
    return _local[folder]


def _slurm_cluster(machine: Machine) -> Cluster:
    """A cluster run by Slurm, as its file says. One object per process, made anew when the file has changed."""
    path = settings.FABRICA_MACHINES / f"{machine.slug}.toml"
    changed = path.stat().st_mtime if path.exists() else 0.0
    if path not in _slurm or _slurm[path][0] != changed:
        facts = read_settings(path)
        make = SlurmRest if facts.rest else SlurmCluster
        _slurm[path] = (changed, make(facts, machine.devices_total))
    return _slurm[path][1]


def loops() -> list[tuple[str, Loop]]:
    """The worker's loops by name."""
    return [
        (f"{context}.{name}", getattr(import_module(f"fabrica.{context}.tasks"), name))
        for context, name in LOOPS
        if find_spec(f"fabrica.{context}")
    ]
