"""A project's training compute as its page shows it: what was counted, and how far that is from each threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.projects.models import Project
from fabrica.trust.engine.compute import Measure
from fabrica.trust.models import ComputeEstimate
from fabrica.trust.queries.compute import Compute, compute_of
from fabrica.trust.states import ComputeThreshold

FULL = 100.0


@dataclass(frozen=True)
class Counted:
    """A line of the table: of what, by which method, the estimate (empty where nobody knows), and how many parts."""

    name: str
    row: ComputeEstimate
    parts: int | None
    of: int | None


@dataclass(frozen=True)
class Bar:
    """How far the project is to a threshold, in per cent: `value`, and `high` as the error allows; drawn to 100."""

    name: str
    measure: Measure
    value: float
    high: float

    @property
    def drawn(self) -> tuple[float, float]:
        return min(self.value, FULL), min(self.high, FULL)


@dataclass(frozen=True)
class Panel:
    """What the project's page shows of its compute."""

    found: Compute
    counted: Sequence[Counted]
    bars: Sequence[Bar]
    left_out: Sequence[tuple[str, Measure]]

    @property
    def is_known(self) -> bool:
        """Whether anything was counted, or granted since this is looked at."""
        return bool(self.counted)


def panel_of(project: Project, now: datetime) -> Panel:
    """The panel of a project: the sum of its trainings against every threshold."""
    found = compute_of(project, timezone.localdate(now))
    rows = [(_("All trainings"), found.project), *((_name(one[0]), one) for one in found.models)]
    counted = [_counted(name, row) for name, of in [*rows, (_("The award"), found.award)] for row in of]
    known = [row for row in found.project if row.flop is not None]
    value = max((row.flop or 0.0 for row in known), default=0.0)
    high = max((row.high or 0.0 for row in known), default=0.0)
    bars = [
        Bar(_label(one), one, FULL * value / one.limit, FULL * high / one.limit) for one in found.measures if one.limit
    ]
    left_out = [(_label(one), one) for one in found.measures if not one.limit]
    return Panel(found, counted, bars, left_out)


def _label(one: Measure) -> str:
    return str(ComputeThreshold(one.threshold.key).label)


def _name(row: ComputeEstimate) -> str:
    return _("Model “%s”") % row.subject.partition("/")[2]


def _counted(name: str, row: ComputeEstimate) -> Counted:
    return Counted(name, row, row.inputs.get("parts"), row.inputs.get("of"))
