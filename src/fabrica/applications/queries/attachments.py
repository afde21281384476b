"""Reading the files of an application. Who may read it is asked by who calls this."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from fabrica.applications.engine.changed import sha256
from fabrica.applications.models import Application, Attachment
from fabrica.kit.errors import NotFound, Unreachable


def as_dict(one: Attachment) -> dict[str, Any]:
    """An attachment as a submission keeps it."""
    return {
        "uid": one.uid, "question": one.question, "name": one.name, "kind": one.kind, "size_bytes": one.size_bytes,
        "sha256": one.sha256,
    }  # fmt: skip


def attachments_of(application: Application) -> list[Attachment]:
    """The files it has now, or had as it was handed in (`as_it_was`), the first first."""
    told: list[Attachment] | None = getattr(application, "attachments_then", None)
    return list(application.attachments.filter(removed_at=None)) if told is None else told


def attachment_of(application: Application, uid: str) -> Attachment:
    """A file that it has or that was handed in with a version of it. Raises NotFound."""
    rows = application.attachments.filter(Q(removed_at=None) | Q(is_submitted=True))
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound(_("There is no such file for you to see."))
    return found


def content_path(sha256: str) -> Path:
    """Where the content of a file lies."""
    return Path(settings.FABRICA_STORAGE) / "attachments" / sha256[:2] / sha256


def content_of(one: Attachment) -> bytes:
    """The content of a file, checked. Raises Unreachable where the disk lost it or changed it."""
    try:
        data = content_path(one.sha256).read_bytes()
    except OSError:
        data = b""
    if sha256(data) != one.sha256:
        told = _("%(name)s is damaged or lost on the site's disk.") % {"name": one.name}
        raise Unreachable(told, todo=_("Tell the site's operator: there may be a backup."))
    return data
