"""What officers look after once hours are awarded: reports and idle hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from fabrica.kit.paging import Page, page_by
from fabrica.people.models import Person
from fabrica.portal.words import due
from fabrica.projects.models import ReclaimProposal, Report, Storage
from fabrica.projects.queries import overdue, reclaims_visible_to, reports_visible_to, to_purge
from fabrica.projects.states import UNSETTLED, ReportState


@dataclass(frozen=True)
class Late:
    """A report whose day has passed, in words, and whether it bars new applications."""

    report: Report
    due: tuple[str, str]
    is_barring: bool


@dataclass(frozen=True)
class Idle:
    """A question about idle hours, and whether the officer may take them now."""

    proposal: ReclaimProposal
    may_be_taken: bool


@dataclass(frozen=True)
class Watchlist:
    """A page of each kind, the oldest first; `late` and `idle` are the rows of theirs with what is said of each."""

    to_judge: Page[Report]
    lateness: Page[Report]
    late: Sequence[Late]
    questions: Page[ReclaimProposal]
    idle: Sequence[Idle]
    purges: Page[Storage]


def watchlist_of(person: Person, now: datetime, cursors: Mapping[str, str]) -> Watchlist:
    """What waits for an officer or is late. `cursors` names the page of each kind: `judge`, `late`, `idle`, `purge`."""
    today = timezone.localtime(now).date()
    rows = reports_visible_to(person)
    late = page_by(overdue(rows, now), "due_on", cursors.get("late", ""))
    questions = page_by(reclaims_visible_to(person).filter(state__in=UNSETTLED), "made_at", cursors.get("idle", ""))
    return Watchlist(
        to_judge=page_by(rows.filter(state=ReportState.SUBMITTED), "submitted_at", cursors.get("judge", "")),
        lateness=late,
        late=[Late(one, due(one.due_on, today), one.is_barring(today)) for one in late.rows],
        questions=questions,
        idle=[Idle(one, one.may_be_taken(now)) for one in questions.rows],
        purges=page_by(to_purge(person, now), "purge_on", cursors.get("purge", "")),
    )
