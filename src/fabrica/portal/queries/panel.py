"""The panel's page: applications of a call merged and in order, under the hours that are free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from fabrica.allocations.queries import left_for
from fabrica.applications.models import Application
from fabrica.calls.models import Call
from fabrica.calls.queries import call_by_slug, listed
from fabrica.kit.errors import NotAllowed
from fabrica.kit.facts import Source
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews.engine.ranking import Line, Measured, cut
from fabrica.reviews.queries import Candidate, barred_of, calibration_of, candidates_of, lacks_panel, ranked_of


@dataclass(frozen=True)
class Row:
    """An application under the budget. `is_ready`: the panel may rank it now."""

    candidate: Candidate
    line: Line
    is_ready: bool


@dataclass(frozen=True)
class Panel:
    """A call as the panel sees it. `free` is what may still be awarded for it; `hidden` are those of a conflict."""

    call: Call
    free: int
    waiting: Sequence[Row]
    ranked: Sequence[Row]
    measured: Sequence[tuple[Person, Measured]]
    hidden: int
    may_rank: bool
    stands_in: bool  # an officer, where every member of the panel has a part in one that is ready
    may_award: bool  # an officer: what is ranked may be proposed for awards

    @property
    def sources(self) -> list[Source]:
        """Where the criteria of what is shown come from, thresholds among them, each once."""
        shown = [row.candidate.evaluation.criteria for row in (*self.waiting, *self.ranked)]
        return list(dict.fromkeys(source for one in shown for source, _criteria in one.by_source))

    @property
    def ready(self) -> list[Candidate]:
        return [row.candidate for row in self.waiting if row.is_ready]


def panel_of(person: Person, slug: str, now: datetime) -> Panel:
    """The panel's view of a call, for panel and officers; without what the person has a part in.

    Raises NotAllowed, NotFound. The line goes over what is ranked first, then what waits.
    """
    if not people_rules.has_role(person, Role.PANEL, Role.OFFICER):
        raise NotAllowed(_("Only panel and officers see how applications are ranked."))
    call = call_by_slug(slug)
    waiting, ranked = candidates_of(call), ranked_of(call)
    barred = barred_of([person], [*waiting, *ranked])[person.pk]
    free = left_for(call, now)
    order = [*ranked, *waiting]
    lines = {
        one.application: one for one in cut([(one.code, one.gpu_seconds, not one.merged.below) for one in order], free)
    }
    shown = [[one for one in part if one.code not in barred] for part in (waiting, ranked)]
    hidden = [one for one in waiting if one.code in barred and one.is_ready(now)]
    is_panel, ready = people_rules.has_role(person, Role.PANEL), [one for one in waiting if one.is_ready(now)]
    rows = [[Row(one, lines[one.code], one.is_ready(now)) for one in part] for part in shown]
    return Panel(
        call, free, rows[0], rows[1], calibration_of([*shown[0], *shown[1]]), len(barred),
        may_rank=is_panel and not hidden, stands_in=not is_panel and not hidden and lacks_panel(ready),
        may_award=people_rules.has_role(person, Role.OFFICER),
    )  # fmt: skip


def other_calls(application: Application) -> list[Call]:
    """Open calls of the same mode on other systems."""
    mode = application.call.mode_row["key"]
    rows = [one for one in listed() if one.mode_row["key"] == mode and one.state == "open"]
    return [one for one in rows if one.machine_id != application.call.machine_id]
