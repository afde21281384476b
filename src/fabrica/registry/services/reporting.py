"""Reports about published models: taken in from anybody, watched by a clock, decided by an officer."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.registry import queries, rules
from fabrica.registry.clocks import clock_of
from fabrica.registry.models import ModelVersion, Report, ReportLetter
from fabrica.registry.services.releasing import REASON_LIMIT, take_back
from fabrica.registry.services.telling import tell_of
from fabrica.registry.states import OPEN_REPORTS, Decision, ReportKind, ReportState, State

TEXT_LIMIT, NAME_LIMIT = 4_000, 120
A_DAY_AT_MOST = 1_000  # about one model: what a database bears; each address has its own limit
FORGOTTEN_AT_ONCE = 50


def receive(
    *, version: ModelVersion, kind: str, text: str, name: str, email: str, language: str, nonce: str, now: datetime
) -> Report:
    """Take in what somebody tells about a model that was published; the same form sent again is the same report.

    Nobody is looked up by the address. However many are open, another is taken in; Refused only for a flood of a day.
    """
    if found := Report.objects.filter(nonce=nonce).first():
        return found
    if not 1 <= len(text.strip()) <= TEXT_LIMIT or len(name) > NAME_LIMIT or kind not in ReportKind.values:
        raise Refused(_("The report is empty, or too long."), todo=_("Write at most %d characters.") % TEXT_LIMIT)
    today = Report.objects.filter(version=version, received_at__gt=now - timedelta(days=1))
    if today[:A_DAY_AT_MOST].count() == A_DAY_AT_MOST:
        raise Refused(
            _("So many reports about this model came today that no more are taken in here."),
            todo=_("Come back tomorrow, or write to the site; its address stands at the foot of each page."),
        )
    clock = clock_of(ReportKind(kind), now.date())
    row = Report(
        version=version, kind=kind, text=text.strip(), reporter_name=name.strip(), reporter_email=email,
        language=language, nonce=nonce, received_at=now, due_at=clock.due_at(now), warn_at=clock.warn_at(now),
    )  # fmt: skip
    try:
        with transaction.atomic():
            _take_in(row, now)
    except IntegrityError:  # the same form, sent twice at once
        return Report.objects.get(nonce=nonce)
    return row


def _take_in(report: Report, now: datetime) -> None:
    report.save(force_insert=True)
    record(verb="model_report.receive", by=None, subject=report.subject, now=now, model=report.version.subject,
           kind=report.kind)  # fmt: skip
    _write_to_reporter(report, ReportState.RECEIVED, now)


@transaction.atomic
def acknowledge(*, report: Report, by: Person, now: datetime) -> Report:
    """Say that somebody looks at it. Raises NotAllowed for all but officers from outside the project, Refused."""
    return _move(report, ReportState.ACKNOWLEDGED, by=by, now=now, verb="model_report.acknowledge", acknowledged_at=now)


@transaction.atomic
def decide(*, report: Report, decision: str, reason: str, by: Person, now: datetime) -> Report:
    """Decide it with a reason, which the reporter and the project read, and do so to the model.

    Raises NotAllowed for all but officers from outside the project, Refused.
    """
    reason = reason.strip()
    if decision not in Decision.values or not 1 <= len(reason) <= REASON_LIMIT:
        raise Refused(
            _("A decision needs its reason."), todo=_("Give a reason of at most %d characters.") % REASON_LIMIT
        )
    told = {"decision": decision, "reason": reason, "decided_at": now, "decided_by": by}
    made = _move(report, ReportState.DECIDED, by=by, now=now, verb="model_report.decide", fact=decision, **told)
    _do(made.version, Decision(decision), reason, by, now)
    _write_to_reporter(made, ReportState.DECIDED, now)
    for person in queries.leaders_of(made.version):
        tell_of(made, person, "model_report_decided", now)
    return made


def _do(version: ModelVersion, decision: Decision, reason: str, by: Person, now: datetime) -> None:
    if decision == Decision.WITHDRAWN and version.state != State.WITHDRAWN:
        take_back(version=version, reason=reason, by=by, now=now)
    if decision == Decision.RESTRICTED:
        open_one = ModelVersion.objects.filter(pk=version.pk, state=State.PUBLISHED)
        if not open_one.update(restricted_at=now, restricted_because=reason):
            raise Refused(_("It is not published any more, so there is nothing to restrict."))
        record(verb="model.restrict", by=by, subject=version.subject, now=now)


@transaction.atomic
def lift_restriction(*, report: Report, by: Person, now: datetime) -> None:
    """Let everybody have the files of the model again. Raises NotAllowed, Refused."""
    _must_handle(by, report)
    held = ModelVersion.objects.filter(pk=report.version_id, restricted_at__isnull=False)
    if not held.update(restricted_at=None, restricted_because=""):
        raise Refused(_("Its files are not restricted."))
    record(verb="model.lift_restriction", by=by, subject=report.version.subject, now=now)


@transaction.atomic
def close(*, report: Report, by: Person, now: datetime) -> Report:
    """Put a decided report aside. Raises NotAllowed, Refused."""
    return _move(report, ReportState.CLOSED, by=by, now=now, verb="model_report.close", closed_at=now)


@transaction.atomic
def forget_reporter(*, report: Report, by: Person, now: datetime) -> Report:
    """Delete the reporter's name and address, and once the report is closed their words too. Raises NotAllowed."""
    _must_handle(by, report)
    words = {"text": ""} if report.state == ReportState.CLOSED else {}
    Report.objects.filter(pk=report.pk).update(reporter_name="", reporter_email="", forgotten_at=now, **words)
    record(verb="model_report.forget", by=by, subject=report.subject, now=now)
    report.refresh_from_db()
    return report


@transaction.atomic
def forget_reporters(*, before: datetime, now: datetime) -> int:
    """Delete name and address of those whose report was decided and closed before an instant; how many."""
    found = list(queries.reports_to_forget(before).select_for_update()[:FORGOTTEN_AT_ONCE])
    for report in found:
        Report.objects.filter(pk=report.pk).update(reporter_name="", reporter_email="", forgotten_at=now)
        record(verb="model_report.forget", by=None, subject=report.subject, now=now)
    return len(found)


@transaction.atomic
def note_letter(*, letter: ReportLetter, sent: bool, now: datetime) -> None:
    """Note whether a letter to a reporter was sent; a failed try waits twice as long as the one before."""
    tries = letter.tries + 1
    outcome: dict[str, Any] = {"sent_at": now} if sent else {"next_try_at": now + timedelta(minutes=2**tries)}
    letter.settle(tries=tries, **outcome)


def _write_to_reporter(report: Report, kind: ReportState, now: datetime) -> None:
    if report.reporter_email:
        ReportLetter.objects.get_or_create(report=report, kind=kind, defaults={"next_try_at": now})


def _must_handle(by: Person, report: Report) -> None:
    if not rules.can_handle(by, report):
        raise NotAllowed(_("Only an officer from outside the project and its organisation handles this report."))


MOVES = {
    ReportState.ACKNOWLEDGED: [ReportState.RECEIVED],
    ReportState.DECIDED: list(OPEN_REPORTS),
    ReportState.CLOSED: [ReportState.DECIDED],
}


def _move(
    report: Report, after: ReportState, *, by: Person, now: datetime, verb: str, fact: str = "", **fields: Any
) -> Report:
    _must_handle(by, report)
    before = report.state
    if not Report.objects.filter(pk=report.pk, state__in=MOVES[after]).update(state=after, **fields):
        raise Refused(_("This report is past that step."), todo=_("Reload the page."))
    more = {"decision": fact} if fact else {}
    record(verb=verb, by=by, subject=report.subject, now=now, before=before, after=after.value, **more)
    report.refresh_from_db()
    return report
