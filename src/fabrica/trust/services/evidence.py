"""Files given as evidence: checked as those of applications are, and never taken off, for two persons read them."""

from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.attached import clean_name, kind_of
from fabrica.kit.errors import Refused, Unreachable
from fabrica.kit.files import write_atomic
from fabrica.people.models import Person
from fabrica.trust.models import Condition, EvidenceFile
from fabrica.trust.queries.evidence import content_path

KINDS = ("pdf", "png", "jpg", "txt", "csv")
MOST_FILES = 5


def checked(condition: Condition, name: str, data: bytes) -> EvidenceFile:
    """A file as it will be kept. Raises Refused for what may not be attached, is there already, or is one too many."""
    told, digest = clean_name(name), sha256(data).hexdigest()
    there = condition.files.all()
    if there.filter(sha256=digest).exists():
        raise Refused(_("This file is there already."))
    if there.count() >= MOST_FILES:
        raise Refused(
            _("There are %(most)s files already.") % {"most": MOST_FILES}, todo=_("Say in words what else shows it.")
        )
    kind = kind_of(told, data, KINDS)
    return EvidenceFile(condition=condition, name=told, kind=kind, size_bytes=len(data), sha256=digest)


def keep(file: EvidenceFile, data: bytes, *, by: Person, now: datetime) -> None:
    """Write it down, in the transaction of the caller. Raises Unreachable where the disk does not take it."""
    try:
        write_atomic(content_path(file), data, mode=0o600)
    except OSError as error:
        raise Unreachable(
            _("The file was not kept, and nothing was given."), why=error.strerror or type(error).__name__,
            todo=_("Try again later, or tell the site's operator."),
        ) from error  # fmt: skip
    file.by, file.at = by, now
    file.save(force_insert=True)
    facts = {"condition": file.condition_id, "sha256": file.sha256, "size_bytes": file.size_bytes}
    record(verb="condition.attach", by=by, subject=file.condition.subject, now=now, **facts)
