"""The API of a project's storage: what its award gave, until when, and the operator's note that it was deleted."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from fabrica.kit.errors import NotFound
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects import services as projects
from fabrica.projects.models import Storage
from fabrica.projects.queries import project_of, storage_of
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class StorageOut(Schema):
    """What a project may store on its machine. How much is used only the machine knows."""

    size_bytes: int
    inodes: int
    purge_on: date
    keep_days: int
    source: str
    purged_at: datetime | None


@router.get("/projects/{slug}/storage", response=StorageOut)
@needs("read")
def storage(request: HttpRequest, slug: str) -> Storage:
    """What its award lets a project store; 404 where nothing was said of it."""
    return _storage(request, slug)


@router.post("/projects/{slug}/storage/purged", response=StorageOut)
@needs("decide")
def purged(request: HttpRequest, slug: str) -> Any:
    """Note that it was deleted, which Fabrica does not do. 403 for all but operators, 409 before its day."""
    found = _storage(request, slug)
    projects.note_purged(storage=found, by=signed_in(request), now=utcnow())
    return found


def _storage(request: HttpRequest, slug: str) -> Storage:
    found = storage_of(project_of(signed_in(request), slug))
    if found is None:
        raise NotFound(_("The award of this project says nothing of storage."))
    return found
