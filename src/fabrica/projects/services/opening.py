"""Opening a project."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.kit.ids import slug
from fabrica.people.models import Organisation, Person
from fabrica.projects.models import Member, Project
from fabrica.projects.states import Role

MAX_TRIES = 20


@transaction.atomic
def open_project(
    *,
    title: str,
    organisation: Organisation,
    purpose: str,
    gate_decision: str,
    pi: Person,
    ends_at: datetime,
    by: Person,
    now: datetime,
) -> Project:
    """Open a project led by `pi`. Called where an award is made; its slug is the title's with a number that is free."""
    project = _create(
        title=title,
        organisation=organisation,
        purpose=purpose,
        gate_decision=gate_decision,
        opened_at=now,
        ends_at=ends_at,
    )
    Member.objects.create(project=project, person=pi, role=Role.PI, joined_at=now)
    record(verb="project.open", by=by, subject=project.subject, now=now, pi=pi.uid)
    return project


def _create(*, title: str, **fields: Any) -> Project:
    """Two projects of one title at once want one slug: the unique column decides, and the slower takes the next."""
    for _try in range(MAX_TRIES):
        try:
            with transaction.atomic():
                return Project.objects.create(slug=_free_slug(title), title=title, **fields)
        except IntegrityError:
            continue
    raise Refused(_("Too many projects of this title are being opened at once."), todo=_("Try again in a moment."))


def _free_slug(title: str) -> str:
    base = slug(title, limit=32)
    if not base[0].isalpha():
        base = f"p-{base}"[:32].rstrip("-")
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if name not in taken)
