"""What officers look after once hours are awarded: reports and idle hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from fabrica.people.models import Person
from fabrica.portal.words import due
from fabrica.projects.models import ReclaimProposal, Report, Storage
from fabrica.projects.queries import overdue, reclaims_visible_to, reports_visible_to, to_purge
from fabrica.projects.states import UNSETTLED, ReportState

MOST = 100


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
    """The first hundred of each kind; `more` says of which there are more."""

    to_judge: Sequence[Report]
    late: Sequence[Late]
    idle: Sequence[Idle]
    purges: Sequence[Storage]
    more: tuple[bool, bool, bool, bool]


def watchlist_of(person: Person, now: datetime) -> Watchlist:
    """What waits for an officer or is late, the oldest first."""
    today = timezone.localtime(now).date()
    rows = reports_visible_to(person)
    to_judge = list(rows.filter(state=ReportState.SUBMITTED).order_by("submitted_at", "pk")[: MOST + 1])
    late = list(overdue(rows, now)[: MOST + 1])
    idle = list(reclaims_visible_to(person).filter(state__in=UNSETTLED).order_by("made_at", "pk")[: MOST + 1])
    purges = list(to_purge(person, now)[: MOST + 1])
    told = [Late(one, due(one.due_on, today), one.is_barring(today)) for one in late[:MOST]]
    more = (len(to_judge) > MOST, len(late) > MOST, len(idle) > MOST, len(purges) > MOST)
    asked = [Idle(one, one.may_be_taken(now)) for one in idle[:MOST]]
    return Watchlist(to_judge[:MOST], told, asked, purges[:MOST], more)
