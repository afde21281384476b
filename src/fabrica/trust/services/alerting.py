"""Alerts and clocks: raised once, told once, acknowledged and ended by a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role as SiteRole
from fabrica.projects import rules
from fabrica.projects.models import Project
from fabrica.projects.states import Right, holders
from fabrica.trust.engine.compute import Base, Crossing, Estimate, crossed, due_on, operations
from fabrica.trust.models import NOTE_LIMIT, ComputeAlert, NotificationClock
from fabrica.trust.states import ComputeThreshold

WHOLE, OF_MODEL = 100, "model:"
REMINDED_BEFORE, DAY = timedelta(days=3), timedelta(days=1)


def watch(
    *, subject: str, project: Project, estimates: Sequence[Estimate], base: Base, now: datetime
) -> list[ComputeAlert]:
    """Raise an alert for each level that a subject reaches and has no alert for, nor for a higher one."""
    reached = crossed(estimates, base, as_of=timezone.localdate(now))
    if not reached:
        return []
    had = ComputeAlert.objects.filter(subject=subject).values_list("threshold", "level")
    known = set(had)
    new = [one for one in reached if not any(key == one.threshold.key and level >= one.level for key, level in known)]
    return [made for one in new if (made := _raised(subject, project, one, now))]


def _raised(subject: str, project: Project, one: Crossing, now: datetime) -> ComputeAlert | None:
    """The alert; None where another worker was faster."""
    facts = {"project": project, "method": one.estimate.method, "flop": one.flop, "limit": one.limit, "raised_at": now}
    alert, is_new = ComputeAlert.objects.get_or_create(
        subject=subject, threshold=one.threshold.key, level=one.level, defaults=facts
    )
    if not is_new:
        return None
    record(
        verb="compute.alert", by=None, subject=subject, now=now, threshold=one.threshold.key, level=one.level,
        method=one.estimate.method,
    )  # fmt: skip
    clock, readers = _started(alert, one, now), _readers(project)
    for person in readers:
        _tell(person, alert, one, clock, now)
    alert.told = [person.uid for person in readers]
    alert.save(update_fields=["told"])
    return alert


def _readers(project: Project) -> list[Person]:
    """Those who lead the project, and all officers, each once."""
    rows = project.members.filter(role__in=holders(Right.MANAGE), person__is_active=True)
    leaders = [one.person for one in rows.select_related("person").order_by("pk")]
    return list({one.pk: one for one in (*leaders, *with_role(SiteRole.OFFICER))}.values())


@transaction.atomic
def remind(*, clock: NotificationClock, now: datetime) -> bool:
    """Tell everybody again of a clock that runs: some days before its end, and once it is late.

    False where another worker was faster, or somebody ended it meanwhile.
    """
    day, late_on = clock.remind_on, clock.due_on + DAY
    is_late = timezone.localdate(now) >= late_on
    rows = NotificationClock.objects.filter(pk=clock.pk, remind_on=day, done_at=None)
    if day is None or not rows.update(remind_on=None if is_late else late_on):
        return False
    project = clock.alert.project
    for person in _readers(project):
        is_inside = rules.belongs_to(person, project)
        tell(
            person=person, kind="compute_clock", event=f"compute:{clock.alert_id}:{day.isoformat()}",
            now=now, path=f"{project.page}#compute" if is_inside else "/desk/compute/", at_once=True, project=project,
            clock=clock, is_late=is_late,
        )  # fmt: skip
    return True


def _started(alert: ComputeAlert, one: Crossing, now: datetime) -> NotificationClock | None:
    """The clock of the notification, where one is owed; one that still runs for the same training is the same duty.

    The hours of a project and its first model are one training; each further model owes its own.
    """
    known_on = timezone.localdate(now)
    due = due_on(one.threshold, known_on)
    running = NotificationClock.objects.filter(alert__project=alert.project, done_at=None)
    if _is_further_model(alert):
        running = running.filter(alert__subject=alert.subject)
    if due is None or one.level < WHOLE or running.exists():
        return None
    first = max(known_on, due - REMINDED_BEFORE)
    clock = NotificationClock.objects.create(alert=alert, opened_on=known_on, due_on=due, remind_on=first)
    record(verb="compute.open_clock", by=None, subject=alert.subject, now=now, due_on=due.isoformat())
    return clock


def _is_further_model(alert: ComputeAlert) -> bool:
    models = ComputeAlert.objects.filter(project=alert.project, threshold=alert.threshold, subject__startswith=OF_MODEL)
    others = models.filter(level__gte=WHOLE).exclude(subject=alert.subject)
    return alert.subject.startswith(OF_MODEL) and others.exists()


def _tell(person: Person, alert: ComputeAlert, one: Crossing, clock: NotificationClock | None, now: datetime) -> None:
    project = alert.project
    is_inside = rules.belongs_to(person, project)
    tell(
        person=person, kind="compute_alert", event=f"compute:{alert.pk}", now=now,
        path=f"{project.page}#compute" if is_inside else "/desk/compute/", at_once=clock is not None,
        about="" if clock else about_project(project.slug), project=project, alert=alert, crossing=one, clock=clock,
        threshold=ComputeThreshold(alert.threshold), flop=operations(one.flop), limit=operations(one.limit),
        is_inside=is_inside,
    )  # fmt: skip


@transaction.atomic
def acknowledge(*, alert: ComputeAlert, note: str, by: Person, now: datetime) -> None:
    """Note that an officer has seen to an alert, and how. Raises NotAllowed; Refused without a note, and twice."""
    if not rules.judges_reports(by, alert.project):
        raise NotAllowed(_("Only an officer who stands outside the project acknowledges its alerts."))
    seen = {"acknowledged_at": now, "acknowledged_by": by, "note": _kept(note)}
    if not ComputeAlert.objects.filter(pk=alert.pk, acknowledged_at=None).update(**seen):
        raise Refused(_("Somebody has acknowledged this alert already."), todo=_("Reload the page."))
    record(
        verb="compute.acknowledge", by=by, subject=alert.subject, now=now, threshold=alert.threshold, level=alert.level
    )


@transaction.atomic
def note_notified(*, alert: ComputeAlert, evidence: str, by: Person, now: datetime) -> None:
    """End a clock: the Commission was notified, or need not be; `evidence` says how one can see that.

    Raises NotAllowed for all but those who lead the project and officers outside it; Refused.
    """
    if not (rules.leads(by, alert.project) or rules.judges_reports(by, alert.project)):
        raise NotAllowed(_("Only those who lead the project, and officers outside it, say that this was done."))
    done = {"done_at": now, "done_by": by, "evidence": _kept(evidence)}
    if not NotificationClock.objects.filter(alert=alert, done_at=None).update(**done):
        raise Refused(
            _("No clock runs here."), why=_("Somebody has ended it, or none was begun."), todo=_("Reload the page.")
        )
    record(verb="compute.notified", by=by, subject=alert.subject, now=now)


def _kept(words: str) -> str:
    told = words.strip()
    if not told or len(told) > NOTE_LIMIT:
        raise Refused(_("Say it in words."), why=_("1 to %d letters are kept.") % NOTE_LIMIT, todo=_("Write a note."))
    return told
