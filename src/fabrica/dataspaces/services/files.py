"""Files on their way into a draft."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.dataspaces.engine import names
from fabrica.dataspaces.engine.contents import Limits
from fabrica.dataspaces.engine.incoming import Upload, receive
from fabrica.dataspaces.models import Version
from fabrica.dataspaces.services.publishing import must_provide
from fabrica.dataspaces.states import State
from fabrica.kit.errors import Refused
from fabrica.kit.files import list_files
from fabrica.kit.ids import new_uid
from fabrica.people.models import Person
from fabrica.web.words import count, size

FILE_LIMIT_BYTES, MOST_FILES = 200_000_000, 20_000
ABANDONED = timedelta(days=1)


def limits() -> Limits:
    """What a version may hold on this site."""
    total = settings.FABRICA_UPLOAD_LIMIT_BYTES
    return Limits(total_bytes=total, file_bytes=min(total, FILE_LIMIT_BYTES), files=MOST_FILES)


@contextmanager
def received(uploads: Iterable[Upload], most: Limits, now: datetime) -> Iterator[tuple[Path, list[str]]]:
    """The uploads as checked files in a folder that is gone afterwards, unless it was moved; and their paths inside."""
    waiting = Path(settings.FABRICA_STORAGE) / "incoming"
    _sweep(waiting, now)
    folder = waiting / new_uid()
    folder.mkdir(parents=True)
    try:
        yield folder, receive(uploads, folder, most)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(waiting: Path, now: datetime) -> None:
    """Throw away what a web server that died left behind."""
    for old in waiting.glob("*"):
        if old.is_dir() and old.stat().st_mtime < (now - ABANDONED).timestamp():
            shutil.rmtree(old, ignore_errors=True)


def add_files(*, version: Version, files: Iterable[Upload], by: Person, now: datetime) -> Version:
    """Put files, or what one .zip holds, into a draft; a name that is there already is replaced.

    All of them or none. Raises NotAllowed, and Refused for what is not taken, with the name and the limit.
    """
    must_provide(by, version.dataset)
    with received(files, limits(), now) as (folder, paths), transaction.atomic():
        _lock_draft(version)
        _check_sum(version, folder, paths)
        for path in paths:
            target = version.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (folder / path).replace(target)
        _recount(version)
        record(verb="dataset.upload", by=by, subject=version.subject, now=now, files=len(paths))
    version.refresh_from_db()
    return version


@transaction.atomic
def clear_files(*, version: Version, by: Person, now: datetime) -> Version:
    """Empty a draft. Raises NotAllowed, Refused for what was published."""
    must_provide(by, version.dataset)
    _lock_draft(version)
    shutil.rmtree(version.path, ignore_errors=True)
    _recount(version)
    record(verb="dataset.clear", by=by, subject=version.subject, now=now)
    version.refresh_from_db()
    return version


def _lock_draft(version: Version) -> None:
    """Hold the row to the end of the transaction: uploads and publishing take turns."""
    if not Version.objects.filter(pk=version.pk, state=State.DRAFT).update(revision=F("revision") + 1):
        raise Refused(
            _("%(version)s is published; its files stay as they are.") % {"version": version},
            todo=_("Start a new version."),
        )


def _check_sum(version: Version, folder: Path, paths: list[str]) -> None:
    """Hold what would be in the draft afterwards against the limits."""
    most, new = limits(), set(paths)
    there = {one.relative_to(version.path).as_posix(): one for one in list_files(version.path)}
    after = {**there, **{path: folder / path for path in new}}
    names.check_together(sorted(after))
    if len(after) > most.files or sum(one.stat().st_size for one in after.values()) > most.total_bytes:
        raise Refused(
            _("Together with what is there, this is more than %(files)s files or %(size)s.")
            % {"files": count(most.files), "size": size(most.total_bytes)},
            todo=_("Publish it as several datasets, or ask the site's operator to raise the limit."),
        )


def _recount(version: Version) -> None:
    sizes = [one.stat().st_size for one in list_files(version.path)]
    Version.objects.filter(pk=version.pk).update(file_count=len(sizes), size_bytes=sum(sizes))
