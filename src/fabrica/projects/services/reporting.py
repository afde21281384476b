"""The reports a project owes: planned, written, handed in, accepted or sent back; and the bar of an overdue one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.engine import MOST_LETTERS, Form, gaps, owed, reminder, reminders
from fabrica.projects.models import Project, Report
from fabrica.projects.queries import told
from fabrica.projects.services.reasons import kept_reason
from fabrica.projects.states import WRITABLE, ReportState, Right


class ReportSavedMeanwhile(Refused):
    """Somebody else saved the report since the writer opened it; what the writer wrote was not kept."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else saved this report meanwhile."), todo=_("Reload the page, then write again."))


@transaction.atomic
def plan_reports(
    *, project: Project, mode: str, months: int, begins_at: datetime, ends_at: datetime, now: datetime
) -> None:
    """See that the project has each report its award owes; where the award's end moved, the due day moves too.

    Where it moves towards now, as when hours are taken back, there are still the days of a report to be mended.
    """
    begin, end = _day(begins_at), _day(ends_at)
    soonest = _day(now) + timedelta(days=reminders().mend_days)
    there = {one.kind: one for one in Report.objects.filter(project=project)}
    for form in owed(mode, months, begin):
        found, due_on = there.get(form.kind), form.due_on(begin, end)
        if found is None or due_on < found.due_on:
            due_on = max(due_on, min(found.due_on, soonest) if found else soonest)
        if found is None:
            Report.objects.get_or_create(
                project=project, kind=form.kind, defaults={"form": _kept(form), "due_on": due_on}
            )
            record(verb="report.plan", by=None, subject=project.subject, now=now, kind=form.kind, due_on=str(due_on))
        elif found.state == ReportState.OPEN and found.due_on != due_on:
            Report.objects.filter(pk=found.pk, state=ReportState.OPEN).update(due_on=due_on)
            record(verb="report.plan", by=None, subject=project.subject, now=now, kind=form.kind, due_on=str(due_on))


def _kept(form: Form) -> dict[str, Any]:
    sources = {"due_source": str(form.due_source), "questions_source": str(form.questions_source)}
    return {
        "mode": form.mode,
        "since": str(form.since),
        "questions": [asdict(one) for one in form.questions],
        **sources,
    }


@transaction.atomic
def save_report(*, report: Report, answers: Mapping[str, str], version: int, by: Person, now: datetime) -> Report:
    """Keep what was written so far, complete or not; `version` is the one the writer began from.

    Raises NotAllowed, and Refused for what is not asked, is far too long, or was handed in.
    """
    _must_write(by, report)
    known = {one.key for one in report.questions}
    if unknown := sorted(set(answers) - known):
        raise Refused(
            _("This report does not ask: %(unknown)s.") % {"unknown": ", ".join(unknown)[:200]},
            todo=_("It asks: %(known)s.") % {"known": ", ".join(known)},
        )
    if any(not isinstance(one, str) or len(one) > MOST_LETTERS for one in answers.values()):
        raise Refused(_("An answer has at most %(most)s letters.") % {"most": MOST_LETTERS})
    rows = Report.objects.filter(pk=report.pk, state__in=WRITABLE, draft_version=version)
    kept = {**report.answers, **answers}
    if not rows.update(answers=kept, saved_at=now, draft_version=F("draft_version") + 1):
        raise ReportSavedMeanwhile
    report.refresh_from_db()
    return report


@transaction.atomic
def submit_report(*, report: Report, figures: Mapping[str, Any], by: Person, now: datetime) -> Report:
    """Hand it in with the ledger's figures of this moment. Raises NotAllowed, Refused for what is not complete."""
    _must_write(by, report)
    report = Report.objects.select_for_update().select_related("project").get(pk=report.pk)
    if found := gaps(report.questions, report.answers):
        lines = [_missing(report, one.key) if one.is_missing else _over(report, one.key, one.over) for one in found]
        raise Refused(_("The report is not complete yet."), why=" ".join(lines), gaps=[vars(one) for one in found])
    _move(report, ReportState.SUBMITTED, figures=dict(figures), submitted_at=now, submitted_by=by)
    record(verb="report.submit", by=by, subject=report.project.subject, now=now, kind=report.kind)
    for officer in rules.judges_of(report.project):
        _tell(report, officer, "report_waits", f"waits:{report.draft_version}", now)
    return report


def _missing(report: Report, key: str) -> str:
    return _("%(question)s: an answer is missing.") % {"question": _said(report, key)}


def _over(report: Report, key: str, over: int) -> str:
    one = next(one for one in report.questions if one.key == key)
    facts = {"question": _said(report, key), "over": over, "most": one.most}
    if one.unit == "words":
        return _("%(question)s: too long by %(over)s (at most %(most)s words).") % facts
    return _("%(question)s: too long by %(over)s (at most %(most)s letters).") % facts


def _said(report: Report, key: str) -> str:
    from_language = get_language() or "en"
    return next(one.said(from_language[:2]) for one in report.questions if one.key == key)


@transaction.atomic
def accept_report(*, report: Report, by: Person, now: datetime) -> None:
    """Find it good. Raises NotAllowed, Refused."""
    _must_judge(by, report.project)
    _move(report, ReportState.ACCEPTED, decided_at=now, decided_by=by, reason="")
    record(verb="report.accept", by=by, subject=report.project.subject, now=now, kind=report.kind)
    for person in told(report.project):
        _tell(report, person, "report_accepted", "accepted", now)


@transaction.atomic
def return_report(*, report: Report, reason: str, by: Person, now: datetime) -> None:
    """Send it back with what is to be mended; there is time for that. Raises NotAllowed, Refused without a reason."""
    _must_judge(by, report.project)
    kept = kept_reason(reason)
    due_on = max(report.due_on, _day(now) + timedelta(days=reminders().mend_days))
    _move(report, ReportState.RETURNED, decided_at=now, decided_by=by, reason=kept, due_on=due_on)
    record(verb="report.return", by=by, subject=report.project.subject, now=now, kind=report.kind, due_on=str(due_on))
    for person in told(report.project):
        _tell(report, person, "report_returned", f"returned:{report.draft_version}", now)


@transaction.atomic
def lift_bar(*, report: Report, reason: str, by: Person, now: datetime) -> None:
    """Let an overdue report bar nobody any more; it stays due. Raises NotAllowed, Refused without a reason."""
    _must_judge(by, report.project)
    kept = kept_reason(reason)
    rows = Report.objects.filter(pk=report.pk, state__in=WRITABLE, lifted_at=None, due_on__lt=_day(now))
    if not rows.update(lifted_at=now, lifted_by=by, lift_reason=kept):
        raise Refused(_("This report bars nobody."))
    report.refresh_from_db()
    record(verb="report.lift_bar", by=by, subject=report.project.subject, now=now, kind=report.kind)
    for person in told(report.project):
        _tell(report, person, "report_lifted", "lifted", now)


def remind(*, report: Report, now: datetime) -> None:
    """Write to the project's people when a reminder's day has come; each is told of each once, the latest only."""
    which = reminder(report.due_on, _day(now), reminders().days) if report.is_writable else None
    if which is not None:
        for person in told(report.project):
            _tell(report, person, "report_due", f"due:{report.due_on}:{which}", now)


def _must_write(by: Person, report: Report) -> None:
    if not rules.may(by, report.project, Right.REPORT):
        raise NotAllowed(_("Only those who write the project's reports do this."))
    if not report.is_writable:
        raise Refused(_("This report was handed in; its answers stay as they are."))


def _must_judge(by: Person, project: Project) -> None:
    if not rules.judges_reports(by, project):
        raise NotAllowed(_("Only an officer who stands outside the project judges its reports."))


def _move(report: Report, after: ReportState, **fields: Any) -> None:
    """The one place where the state of a report changes: only from where it may."""
    before = WRITABLE if after == ReportState.SUBMITTED else (ReportState.SUBMITTED,)
    if not Report.objects.filter(pk=report.pk, state__in=before).update(state=after, **fields):
        raise Refused(_("This report is no longer where it was."), todo=_("Reload the page."))
    report.refresh_from_db()


def _tell(report: Report, person: Person, kind: str, event: str, now: datetime) -> None:
    name = f"{report.project.subject}:report:{report.kind}:{event}"
    late = (_day(now) - report.due_on).days
    tell(
        person=person, kind=kind, event=name, now=now, path=report.page,
        about=about_project(report.project.slug), report=report, project=report.project, late=max(0, late),
    )  # fmt: skip


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()
