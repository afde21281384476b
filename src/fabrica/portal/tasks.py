"""The worker's part: look after the projects, one by one, a few times a day."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from fabrica.allocations.models import Award
from fabrica.allocations.queries import award_of
from fabrica.kit.errors import NotFound, Refused
from fabrica.portal.queries.life import Life, life_of
from fabrica.portal.storing import room_for
from fabrica.projects import services
from fabrica.projects.models import LifeWatch, Project, Report, Storage
from fabrica.projects.queries import storage_of, watches_due
from fabrica.projects.states import WRITABLE, ReportState
from fabrica.web.words import gpu_hours

EVERY = timedelta(hours=6)
AGAIN_AFTER = timedelta(hours=1)  # a project that could not be looked at
AT_ONCE = 20
log = logging.getLogger(__name__)


def look_after(now: datetime) -> bool:
    """Plan the reports of some projects, remind of what is due, tell of idle hours; True when there was one.

    Nothing is taken from anybody here: an officer is asked.
    """
    made = services.make_watches(now=now)
    watches = LifeWatch.claim_batch(watches_due(now), now, most=AT_ONCE, ttl=timedelta(minutes=5))
    for watch in watches:
        services.look_again(watch=watch, at=_tried(watch.project, now))
    return made or bool(watches)


def _tried(project: Project, now: datetime) -> datetime | None:
    """When to look again; a project that fails is told of in the log, and keeps none of the others waiting."""
    try:
        return _looked(project, now)
    except Exception:  # whatever it was, it concerns this project
        log.exception("%s could not be looked after", project.subject)
        return now + AGAIN_AFTER


def _looked(project: Project, now: datetime) -> datetime | None:
    """Do what is due in a project; when to look again, and never where its time is over and nothing is owed."""
    try:
        award = award_of(project)
    except NotFound:
        return now + EVERY
    services.plan_reports(
        project=project, mode=award.application.call.mode_row["key"], months=award.months, begins_at=award.starts_at,
        ends_at=award.ends_at, now=now,
    )  # fmt: skip
    if now < award.ends_at:
        services.ask_for_listing(project=project, now=now)
    for report in Report.objects.select_related("project__organisation").filter(project=project, state__in=WRITABLE):
        services.remind(report=report, now=now)
    _idle(award, now)
    is_kept = _store(award, now)
    is_owed = project.reports.exclude(state=ReportState.ACCEPTED).exists()
    return now + EVERY if now < award.ends_at or is_owed or is_kept else None


def _store(award: Award, now: datetime) -> bool:
    """Note what the award may store, warn before it may be purged; whether that day is still to come."""
    found = storage_of(award.project)
    if found is None and now < award.ends_at:
        found = _granted(award, now)
    if found is None:
        return False
    services.look_at_storage(storage=found, now=now)
    return timezone.localtime(now).date() < found.purge_on


def _idle(award: Award, now: datetime) -> None:
    project, life = award.project, life_of(award, now)
    if now >= award.ends_at or (life is not None and not life.is_to_reclaim):
        services.lapse_reclaim(project=project, now=now, stays=award.revoked_at is None)
    if life is None or now >= award.ends_at:
        return
    if life.is_idle:
        unused = gpu_hours(max(0, life.awarded - life.used))
        services.warn_idle(project=project, since=life.idle.since, days=life.idle.days, unused=unused, now=now)
    if life.is_to_reclaim:
        services.propose_reclaim(project=project, facts=_facts(life), now=now)


def _facts(life: Life) -> dict[str, object]:
    return {
        "idle_since": life.idle.since.isoformat(), "idle_days": life.idle.days, "awarded": life.awarded,
        "used": life.used, "used_percent": life.forecast.used_percent, "time_percent": life.forecast.time_percent,
        "rule_since": life.rule.since.isoformat(), "rule_source": str(life.rule.source),
    }  # fmt: skip


def _granted(award: Award, now: datetime) -> Storage | None:
    """The storage by the row that held when the award began; none where the file says nothing, or cannot be read."""
    on = timezone.localtime(award.starts_at).date()
    try:
        room = room_for(award.machine.slug, award.application.call.mode_row["key"], on, settings.FABRICA_LIFE_RULES)
    except Refused as problem:
        log.warning("%s", problem)
        return None
    if room is None:
        return None
    return services.grant_storage(
        project=award.project, size_bytes=room.size_bytes, inodes=room.inodes, keep_days=room.keep_days,
        warn_days=room.warn_days, source=str(room.source), now=now,
    )  # fmt: skip
