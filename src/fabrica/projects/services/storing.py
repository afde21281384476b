"""Storage of a project: granted with its award, warned of before it may be purged, purged by an operator's own hand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.rules import has_role
from fabrica.people.states import Role
from fabrica.projects.engine import reminder
from fabrica.projects.models import Project, Storage
from fabrica.projects.queries import told


@transaction.atomic
def grant_storage(
    *, project: Project, size_bytes: int, inodes: int, keep_days: int, warn_days: Sequence[int], source: str,
    now: datetime,
) -> Storage:  # fmt: skip
    """Note what the project may store until some days after its end; again, it changes nothing."""
    made, is_new = Storage.objects.get_or_create(
        project=project,
        defaults={
            "size_bytes": size_bytes, "inodes": inodes, "keep_days": keep_days, "warn_days": sorted(warn_days),
            "source": source[:500], "granted_at": now, "purge_on": _purge_on(project, keep_days),
        },
    )  # fmt: skip
    if is_new:
        record(
            verb="project.grant_storage", by=None, subject=project.subject, now=now, bytes=size_bytes, inodes=inodes,
            purge_on=str(made.purge_on),
        )  # fmt: skip
    return made


@transaction.atomic
def look_at_storage(*, storage: Storage, now: datetime) -> None:
    """Move the purge with the project's end, and write to its people when a day to warn them has come, once each."""
    if storage.purged_at is not None:
        return
    project, purge_on = storage.project, _purge_on(storage.project, storage.keep_days)
    if purge_on != storage.purge_on:
        Storage.objects.filter(pk=storage.pk, purged_at=None).update(purge_on=purge_on)
        storage.purge_on = purge_on
        record(verb="project.move_purge", by=None, subject=project.subject, now=now, purge_on=str(purge_on))
    today = _day(now)
    which = reminder(purge_on, today, [-days for days in storage.warn_days])
    if which is None or today >= purge_on:
        return
    for person in told(project):
        event = f"{project.subject}:purge:{purge_on}:{which}"
        tell(
            person=person, kind="storage_purge", event=event, now=now, path=project.page,
            about=about_project(project.slug), project=project, storage=storage, days=(purge_on - today).days,
        )  # fmt: skip


@transaction.atomic
def note_purged(*, storage: Storage, by: Person, now: datetime) -> None:
    """Note that an operator deleted it. Raises NotAllowed, Refused before its day and where it was noted already."""
    if not has_role(by, Role.OPERATOR):
        raise NotAllowed(_("Only an operator purges storage, and notes it."))
    if _day(now) < storage.purge_on:
        raise Refused(_("It is kept until %(day)s.") % {"day": storage.purge_on}, todo=_("Purge it then."))
    if not Storage.objects.filter(pk=storage.pk, purged_at=None).update(purged_at=now, purged_by=by):
        raise Refused(_("It was noted as purged already."))
    storage.refresh_from_db()
    record(verb="project.note_purge", by=by, subject=storage.project.subject, now=now)


def _purge_on(project: Project, keep_days: int) -> date:
    return _day(project.ends_at) + timedelta(days=keep_days)


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()
