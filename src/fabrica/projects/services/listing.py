"""Whether a project stands in the public list: only its principal investigator says so, and may take it back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.states import Sector
from fabrica.projects import rules
from fabrica.projects.engine import consent_on
from fabrica.projects.models import ABSTRACT_LIMIT, Listing, Project
from fabrica.projects.states import Role


@transaction.atomic
def list_project(*, project: Project, sector: str, abstract: str, version: str, by: Person, now: datetime) -> Listing:
    """Agree that it is listed, to the wording of a version: the one that holds today, or it has to be read again.

    Raises NotAllowed for all but its principal investigator, Refused.
    """
    _must_answer(by, project)
    kept = _checked(sector, abstract)
    if not kept["sector"] or not kept["abstract"]:
        raise Refused(_("A project that is listed tells its sector, and in an abstract what it is about."))
    if version != consent_on(timezone.localtime(now).date()).version:
        raise Refused(_("The wording has changed since you read it."), todo=_("Read it again, then answer."))
    answer = {"listed_at": now, "consent_version": version}
    made, _new = Listing.objects.update_or_create(
        project=project, defaults={**kept, **answer, "answered_by": by, "answered_at": now}
    )
    record(
        verb="project.list", by=by, subject=project.subject, now=now, consent=version, sector=kept["sector"]
    )  # fmt: skip
    return made


@transaction.atomic
def unlist_project(*, project: Project, sector: str, abstract: str, by: Person, now: datetime) -> Listing:
    """Say that it is not listed, or no longer; what was written stays for another time, seen by the project only.

    Raises NotAllowed for all but its principal investigator, Refused for what is too long.
    """
    _must_answer(by, project)
    answer = {"listed_at": None, "answered_by": by, "answered_at": now}
    made, _new = Listing.objects.update_or_create(project=project, defaults={**_checked(sector, abstract), **answer})
    record(verb="project.unlist", by=by, subject=project.subject, now=now)
    return made


def ask_for_listing(*, project: Project, now: datetime) -> None:
    """Write to the principal investigator, once, that the public list is open to the project."""
    if Listing.objects.filter(project=project).exists():
        return
    for member in project.members.select_related("person").filter(role=Role.PI, person__is_active=True):
        tell(
            person=member.person, kind="project_listing", event=f"{project.subject}:listing", now=now,
            path=f"{project.page}listing/", about=about_project(project.slug), project=project,
        )  # fmt: skip


def _must_answer(by: Person, project: Project) -> None:
    if not rules.is_pi(by, project):
        raise NotAllowed(_("Only the project's principal investigator says whether it is listed in public."))


def _checked(sector: str, abstract: str) -> dict[str, str]:
    if sector and sector not in Sector.values:
        raise Refused(
            _("There is no such sector."), todo=_("Use one of: %(known)s.") % {"known": ", ".join(Sector.values)}
        )
    kept = abstract.strip()
    if len(kept) > ABSTRACT_LIMIT:
        raise Refused(_("An abstract has at most %(most)s letters.") % {"most": ABSTRACT_LIMIT})
    return {"sector": sector, "abstract": kept}
