"""Publications of a project, named by their DOI."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.dois import doi_of
from fabrica.projects.models import Project, Publication
from fabrica.projects.states import Right

MOST_PUBLICATIONS = 500


@transaction.atomic
def add_publication(*, project: Project, doi: str, by: Person, now: datetime) -> Publication:
    """Name a publication; the same DOI again, however written, adds nothing. Raises NotAllowed, Refused."""
    _must_name(by, project)
    try:
        kept = doi_of(doi)
    except ValueError as error:
        raise Refused(_("This is no DOI."), todo=_("Write one such as 10.1234/abc.5, or its address.")) from error
    if Publication.objects.filter(project=project).count() >= MOST_PUBLICATIONS:
        raise Refused(_("A project names at most %(most)s publications.") % {"most": MOST_PUBLICATIONS})
    made, is_new = Publication.objects.get_or_create(
        project=project, doi=kept, defaults={"added_by": by, "added_at": now}
    )
    if is_new:
        record(verb="project.add_publication", by=by, subject=project.subject, now=now, doi=kept)
    return made


@transaction.atomic
def remove_publication(*, publication: Publication, by: Person, now: datetime) -> None:
    """Take a publication away. Raises NotAllowed."""
    project = publication.project
    _must_name(by, project)
    if Publication.objects.filter(pk=publication.pk).delete()[0]:
        record(verb="project.remove_publication", by=by, subject=project.subject, now=now, doi=publication.doi)


def _must_name(by: Person, project: Project) -> None:
    if not rules.may(by, project, Right.REPORT):
        raise NotAllowed(_("Only those who write the project's reports name its publications."))
