"""Reading the files that were given as evidence. Who may read the condition is asked by who calls this."""

from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound, Unreachable
from fabrica.trust.models import Condition, EvidenceFile


def files_of(condition: Condition) -> list[EvidenceFile]:
    """The files given for it, the first first; few, for there is a most."""
    return list(condition.files.select_related("by"))


def file_of(condition: Condition, uid: str) -> EvidenceFile:
    """One of its files. Raises NotFound."""
    found = condition.files.filter(uid=uid[:32]).first()
    if found is None:
        raise NotFound(_("There is no such file for you to see."))
    return found


def content_path(file: EvidenceFile) -> Path:
    """Where the content of a file lies."""
    return Path(settings.FABRICA_STORAGE) / "evidence" / str(file.condition_id) / file.sha256


def content_of(file: EvidenceFile) -> bytes:
    """The content of a file, checked. Raises Unreachable where the disk lost it or changed it."""
    try:
        data = content_path(file).read_bytes()
    except OSError:
        data = b""
    if sha256(data).hexdigest() != file.sha256:
        told = _("%(name)s is damaged or lost on the site's disk.") % {"name": file.name}
        raise Unreachable(told, todo=_("Tell the site's operator: there may be a backup."))
    return data
