"""Files of an application: checked, kept below the site's storage by their content, taken off again."""

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine.attached import APPLICATION_BYTES, APPLICATION_FILES, PERSON_BYTES
from fabrica.applications.engine.changed import sha256
from fabrica.applications.models import Application, Attachment
from fabrica.applications.queries.attachments import attachment_of, content_path
from fabrica.applications.services.moving import read_again
from fabrica.audit.services import record
from fabrica.calls.engine.questions import FILE_TYPES
from fabrica.kit.attached import clean_name, kind_of
from fabrica.kit.errors import NotAllowed, NotFound, Refused, Unreachable
from fabrica.kit.files import write_atomic
from fabrica.kit.units import size
from fabrica.people.models import Person

SWEPT_AFTER_SECONDS, SWEPT_AT_ONCE = 3_600, 200
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def attach(*, application: Application, question: str, name: str, data: bytes, by: Person, now: datetime) -> Attachment:
    """Keep a file with a draft, for a question of kind file or for none.

    Raises NotAllowed, NotFound, Refused for what may not be attached, and Unreachable where the disk has no room: then
    nothing is kept and nothing is lost.
    """
    told, digest = clean_name(name), sha256(data)
    kinds, most = _limits(application, question)
    made = Attachment(
        application=application, question=question, name=told, size_bytes=len(data), sha256=digest, by=by, at=now
    )
    with transaction.atomic():  # before anybody looks into it: that takes long, for who may not add it too
        _must_be_taken(made, most)
    made.kind = kind_of(told, data, kinds)
    with _store(), transaction.atomic():
        _must_be_taken(made, most)
        _write(content_path(digest), data)
        made.save()
        facts = {"sha256": digest, "size_bytes": len(data)}
        record(verb="application.attach", by=by, subject=application.subject, now=now, **facts)
    return made


def detach(*, application: Application, uid: str, by: Person, now: datetime) -> None:
    """Take a file off a draft; its content stays where a version that was handed in, or another draft, has it.

    Raises NotAllowed, NotFound, Refused.
    """
    with _store():
        with transaction.atomic():
            _must_be_writable(application, by)
            found = attachment_of(application, uid)
            if found.removed_at is not None:
                raise NotFound(_("There is no such file for you to see."))
            if found.is_submitted:
                Attachment.objects.filter(pk=found.pk).update(removed_at=now)
            else:
                found.delete()
            record(verb="application.detach", by=by, subject=application.subject, now=now, sha256=found.sha256)
        if not Attachment.objects.filter(sha256=found.sha256).exists():
            content_path(found.sha256).unlink(missing_ok=True)


def sweep(*, now: datetime) -> int:
    """Delete contents that no row names, which a process that was killed left; how many they were.

    Looks into one of the 256 folders, the next one each minute, and leaves what is younger than an hour.
    """
    folder = Path(settings.FABRICA_STORAGE) / "attachments" / f"{int(now.timestamp() // 60) % 256:02x}"
    before = now.timestamp() - SWEPT_AFTER_SECONDS
    try:
        is_clean = not folder.is_dir() or not _unnamed(folder, before)
    except FileNotFoundError:  # somebody takes a file off: the next look finds the rest
        return 0
    if is_clean:
        return 0
    with _store():  # nobody is between a content and its row now
        found = _unnamed(folder, before)
        for one in found:
            one.unlink(missing_ok=True)
    return len(found)


def _unnamed(folder: Path, before: float) -> list[Path]:
    """The first of the old files in a folder that no row names."""
    old = sorted(one for one in folder.iterdir() if one.stat().st_mtime < before)
    found: list[Path] = []
    while old and len(found) < SWEPT_AT_ONCE:
        some, old = old[:SWEPT_AT_ONCE], old[SWEPT_AT_ONCE:]
        names = [one.name for one in some]
        kept = set(Attachment.objects.filter(sha256__in=names).values_list("sha256", flat=True))
        found += [one for one in some if one.name not in kept]
    return found


def _limits(application: Application, question: str) -> tuple[tuple[str, ...], int]:
    """The kinds that a question takes, and how many files."""
    if not question:
        return FILE_TYPES, APPLICATION_FILES
    found = application.definition.question(question)
    if found is None or found.kind != "file":
        raise NotFound(_("This form has no question %(key)s that takes files.") % {"key": question[:40]})
    return found.types, found.most


def _must_be_writable(application: Application, by: Person) -> None:
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation write in its application."))
    read_again(application)
    if not application.is_editable:
        raise Refused(
            _("It was submitted; its files stay as they are."), todo=_("Withdraw it, or ask the officer for it back.")
        )


def _must_be_taken(made: Attachment, most: int) -> None:
    _must_be_writable(made.application, made.by)
    _must_fit(made, most)


def _must_fit(made: Attachment, most: int) -> None:
    everything = made.application.attachments.all()
    here, length = everything.filter(removed_at=None), made.size_bytes
    if here.filter(sha256=made.sha256, question=made.question).exists():
        raise Refused(_("This file is there already."))
    if here.filter(question=made.question).count() >= most or here.count() >= APPLICATION_FILES:
        facts = {"most": min(most, APPLICATION_FILES)}
        raise Refused(_("There are %(most)s files already.") % facts, todo=_("Remove one first."))
    if _total(everything) + length > APPLICATION_BYTES:
        told = _("The files of an application have at most %(most)s together.") % {"most": size(APPLICATION_BYTES)}
        raise Refused(told, todo=_("Remove one first, or make it smaller."))
    if _total(Attachment.objects.filter(by=made.by)) + length > PERSON_BYTES:
        told = _("Your files have %(most)s together, which is the most.") % {"most": size(PERSON_BYTES)}
        raise Refused(told, todo=_("Remove some from drafts that you do not need."))


def _total(rows: QuerySet[Attachment]) -> int:
    return rows.aggregate(all=Sum("size_bytes"))["all"] or 0


def _write(path: Path, data: bytes) -> None:
    """Written again where it is there: a copy that a disk damaged is mended."""
    try:
        write_atomic(path, data, mode=0o600)
    except OSError as error:
        _could_not(error)


def _could_not(error: OSError) -> NoReturn:
    why = _("The site's disk is full.") if error.errno in NO_ROOM else (error.strerror or type(error).__name__)
    raise Unreachable(
        _("The file was not kept. Your answers and your other files are as they were."), why=why,
        todo=_("Try again later, or tell the site's operator."),
    ) from error  # fmt: skip


@contextmanager
def _store() -> Iterator[None]:
    """One at a time: a content that nobody has any more is not deleted while somebody brings it again."""
    folder = Path(settings.FABRICA_STORAGE) / "attachments"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / ".lock").open("wb")
    except OSError as error:
        _could_not(error)
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
