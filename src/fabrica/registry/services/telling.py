"""Letters about reports: a flood of reports is one letter an hour to each, with how many wait."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.registry import queries
from fabrica.registry.models import Report

PAUSE = timedelta(hours=1)
AT_ONCE = 1_000
DESK = "/model-reports/"


@transaction.atomic
def watch(*, now: datetime) -> int:
    """Tell the officers of reports that came, of whose time four fifths are over, and that are late; how many.

    Those who lead a project are told what came about its models. Nobody gets two letters within an hour.
    """
    if not (queries.reports_to_tell_of().exists() or queries.reports_to_warn_of(now).exists()):
        return 0
    if queries.were_told_of_reports_since(now - PAUSE):
        return 0
    came = list(queries.reports_to_tell_of().select_for_update(of=("self",))[:AT_ONCE])
    warned = list(queries.reports_to_warn_of(now).select_for_update(of=("self",))[:AT_ONCE])
    late, soon = ([one for one in warned if (one.due_at <= now) is over] for over in (True, False))
    for rows, noted in ((came, {"told_at": now}), (warned, {"warned_at": now}), (late, {"late_told_at": now})):
        Report.objects.filter(pk__in=[one.pk for one in rows]).update(**noted)
    officers = list(with_role(Role.OFFICER))
    for person in officers:
        _tell_officer(person, came, soon, late, now)
    _tell_leaders(came, {one.pk for one in officers}, now)
    return len(came) + len(warned)


def _tell_officer(person: Person, came: list[Report], soon: list[Report], late: list[Report], now: datetime) -> None:
    every = [*late, *soon, *came]
    if len(every) == 1:
        kind = "model_report_late" if late else "model_report_due" if soon else "model_report_received"
        tell_of(every[0], person, kind, now)
        return
    facts = {"came": len(came), "soon": len(soon), "late": len(late)}
    _tell_count(person, now, waiting=queries.open_reports(Report.objects.all()).count(), **facts)


def _tell_leaders(came: list[Report], told: set[int], now: datetime) -> None:
    """Write to those who lead what was reported and are told nothing as officers."""
    led: dict[Person, list[Report]] = {}
    leaders = {one.version_id: one.version for one in came}
    people = {pk: queries.leaders_of(version) for pk, version in leaders.items()}
    for report in came:
        for person in people[report.version_id]:
            if person.pk not in told:
                led.setdefault(person, []).append(report)
    for person, rows in led.items():
        if len(rows) == 1:
            tell_of(rows[0], person, "model_report_received", now)
        else:
            _tell_count(person, now, waiting=0, came=len(rows), soon=0, late=0)


def _tell_count(person: Person, now: datetime, **counts: int) -> None:
    event = f"model_reports:{now:%Y%m%dT%H%M%S}"
    facts: dict[str, Any] = {**counts}
    tell(person=person, kind="model_reports", event=event, now=now, path=DESK, at_once=True, **facts)


def tell_of(report: Report, person: Person, kind: str, now: datetime) -> None:
    """One letter about one report."""
    event = f"{report.subject}:{kind}"
    tell(person=person, kind=kind, event=event, now=now, path=report.page, at_once=True, report=report)
