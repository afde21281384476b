"""The panel's page: applications of a call merged and in order, under the hours that are free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fabrica.allocations.queries import left_for
from fabrica.applications.models import Application
from fabrica.calls.models import Call
from fabrica.calls.queries import call_by_slug, listed
from fabrica.kit.errors import NotAllowed
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.people.states import Role
from fabrica.reviews.engine.ranking import Line, Measured, cut
from fabrica.reviews.models import Conflict, Expert, Review
from fabrica.reviews.queries import Candidate, calibration_of, candidates_of, ranked_of
from fabrica.reviews.states import COUNTS


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

    @property
    def ready(self) -> list[Candidate]:
        return [row.candidate for row in self.waiting if row.is_ready]


def panel_of(person: Person, slug: str, now: datetime) -> Panel:
    """The panel's view of a call, for panel and officers; without what the person has a part in.

    Raises NotAllowed, NotFound. The line goes over what is ranked first, then what waits.
    """
    if not people_rules.has_role(person, Role.PANEL, Role.OFFICER):
        raise NotAllowed("Only panel and officers see how applications are ranked.")
    call = call_by_slug(slug)
    waiting, ranked = candidates_of(call), ranked_of(call)
    barred = _barred(person, [*waiting, *ranked])
    free = left_for(call, now)
    order = [*ranked, *waiting]
    lines = {
        one.application: one for one in cut([(one.code, one.gpu_seconds, not one.merged.below) for one in order], free)
    }
    shown = [[one for one in part if one.code not in barred] for part in (waiting, ranked)]
    hidden = [one for one in waiting if one.code in barred and one.is_ready(now)]
    rows = [[Row(one, lines[one.code], one.is_ready(now)) for one in part] for part in shown]
    return Panel(
        call, free, rows[0], rows[1], calibration_of([*shown[0], *shown[1]]), len(barred),
        may_rank=people_rules.has_role(person, Role.PANEL) and not hidden,
    )  # fmt: skip


def _barred(person: Person, found: Sequence[Candidate]) -> set[str]:
    """The codes of those the person has a part in: works for who applies, declared an interest, or reviewed it."""
    mine = {one.pk for one in organisations_of(person)}
    keys = set(
        Expert.objects.filter(person=person).exclude(affiliation_key="").values_list("affiliation_key", flat=True)
    )
    declared = set(Conflict.objects.filter(person=person).values_list("organisation_id", flat=True))
    evaluations = [one.evaluation.pk for one in found]
    asked = Review.objects.filter(reviewer=person, stage__in=COUNTS, evaluation__in=evaluations)
    reviewed = set(asked.values_list("evaluation_id", flat=True))
    return {
        one.code
        for one in found
        if one.application.organisation_id in mine | declared
        or one.application.organisation.name_key in keys
        or one.evaluation.pk in reviewed
    }


def other_calls(application: Application) -> list[Call]:
    """Open calls of the same mode on other systems."""
    mode = application.call.mode_row["key"]
    rows = [one for one in listed() if one.mode_row["key"] == mode and one.state == "open"]
    return [one for one in rows if one.machine_id != application.call.machine_id]
