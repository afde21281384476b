"""What the public start page shows. Nothing here names a person, an organisation or an unpublished project."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from fabrica.allocations.models import Award
from fabrica.calls.engine import Mode
from fabrica.calls.models import Call
from fabrica.calls.queries import listed
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import machines
from fabrica.portal.counted import counted
from fabrica.registry.models import ModelVersion
from fabrica.registry.queries import published

MAX_CALLS = 6
MAX_MODELS = 6
SILENT_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class OpenCall:
    """A call with its mode, read once."""

    call: Call
    mode: Mode
    is_open: bool

    @property
    def months(self) -> str:
        """The durations to choose from, such as `1, 2 or 3`."""
        *others, last = map(str, self.mode.months)
        return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last} if others else last


@dataclass(frozen=True)
class Promise:
    """The best that the open calls promise: working days until access, GPU-hours."""

    working_days: int
    gpu_hours: int
    months: int


@dataclass(frozen=True)
class MachineLoad:
    """A machine, whether its last answer is still news, and how it counts where that is not plain."""

    machine: Machine
    is_current: bool
    counted: str


@dataclass(frozen=True)
class Figures:
    """What came of it so far, counted in the database."""

    projects: int
    organisations: int
    awarded_gpu_seconds: int
    models: int


def calls(now: datetime) -> list[OpenCall]:
    """The calls one can apply to, open ones first."""
    found = [OpenCall(call, call.mode, call.is_open(now)) for call in listed()[:MAX_CALLS]]
    return sorted(found, key=lambda one: not one.is_open)


def promise(found: list[OpenCall]) -> Promise | None:
    """The shortest way in, the most hours and the longest stay among the open calls; None when none is open."""
    modes = [one.mode for one in found if one.is_open]
    if not modes:
        return None
    return Promise(
        min(one.access_working_days for one in modes),
        max(one.gpu_hours_max for one in modes),
        max(max(one.months) for one in modes),
    )


def loads(now: datetime) -> list[MachineLoad]:
    """Every machine with what it last said about itself."""
    return [
        MachineLoad(
            one, one.is_reachable and one.load_at is not None and now - one.load_at < SILENT_AFTER, counted(one)
        )
        for one in machines()
    ]


def models() -> QuerySet[ModelVersion]:
    """The models published last."""
    return published()[:MAX_MODELS]


def figures() -> Figures:
    """Projects, organisations, hours awarded and models published."""
    told = Award.objects.aggregate(
        projects=Count("pk"), organisations=Count("project__organisation", distinct=True), hours=Sum("gpu_seconds")
    )
    return Figures(told["projects"], told["organisations"], told["hours"] or 0, published().count())
