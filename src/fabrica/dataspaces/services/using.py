"""What a member of a project does with a dataset: accept its terms, have it staged, try again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.dataspaces import queries
from fabrica.dataspaces.models import Agreement, Staging, Version
from fabrica.dataspaces.states import STAGING_MOVES, StagingState
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.engine.assurance import DATA
from fabrica.people.models import Person
from fabrica.people.rules import must_be_assured
from fabrica.projects import rules as project_rules
from fabrica.projects.models import Project
from fabrica.trust.queries.conditions import Step
from fabrica.trust.queries.impact import must_be_assessed
from fabrica.trust.services import conditions


class TermsChanged(Refused):
    """The provider changed the terms since the reader saw them; nothing was accepted."""

    def __init__(self) -> None:
        super().__init__(
            _("The provider changed the terms since you read them."), todo=_("Read them again, then accept.")
        )


def must_work_in(by: Person, project: Project, now: datetime) -> None:
    """Raises NotAllowed for all but the project's members, Refused once it has ended."""
    if not project_rules.works_in(by, project):
        raise NotAllowed(_("Only members of the project use data in it."))
    if project.ends_at <= now:
        raise Refused(
            _("The project ended on %(day)s.") % {"day": f"{project.ends_at:%Y-%m-%d}"}, todo=_("Apply again to go on.")
        )


def must_owe_nothing(project: Project, *, has_personal_data: bool = False) -> None:
    """Raises Refused while a condition holds up the project's access to data, or personal data was not assessed."""
    conditions.require_none(step=Step.DATA, project=project)
    if has_personal_data:
        must_be_assessed(project)


def _must_be_usable(version: Version) -> None:
    if not version.is_published:
        raise Refused(
            _("%(version)s is not published.") % {"version": version},
            why=version.withdrawn_because,
            todo=_("Use another version of the dataset."),
        )


@transaction.atomic
def accept(
    *, version: Version, project: Project, by: Person, now: datetime, terms_sha256: str | None = None
) -> Agreement:
    """Accept licence and policy as they stand now, for a project; accepting the same terms again changes nothing.

    `terms_sha256` is the hash of the terms as the person read them. Raises TermsChanged where they are others now,
    NotAllowed for who is no member or is not known surely enough, Refused for a version that is not published or needs
    no agreement.
    """
    must_work_in(by, project, now)
    must_be_assured(by, DATA, now=now)
    must_owe_nothing(project)
    _must_be_usable(version)
    if version.dataset.is_own_data:
        raise Refused(_("Own data has no terms to accept."), todo=_("Stage it directly."))
    terms = version.dataset.terms
    if terms_sha256 is not None and terms_sha256 != terms.sha256:
        raise TermsChanged
    agreement, created = Agreement.objects.get_or_create(
        version=version,
        project=project,
        terms_sha256=terms.sha256,
        defaults={"person": by, "terms_text": terms.text, "agreed_at": now},
    )
    if created:
        record(verb="dataset.accept", by=by, subject=version.subject, now=now, project=project.slug, terms=terms.sha256)
    return agreement


@transaction.atomic
def stage(*, version: Version, project: Project, by: Person, now: datetime) -> Staging:
    """Have a worker copy the version into the project's folder; asking again returns the same staging.

    Raises NotAllowed for who is no member; Refused without an agreement to the terms as they stand now, or for a
    version that is not published.
    """
    must_work_in(by, project, now)
    must_be_assured(by, DATA, now=now)
    if there := queries.staging_of(project, version):
        return there
    must_owe_nothing(project, has_personal_data=version.dataset.has_personal_data)
    _must_be_usable(version)
    _must_have_agreed(version, project)
    return queue(version, project, by, now)


def _must_have_agreed(version: Version, project: Project) -> None:
    if not queries.has_agreed(project, version):
        raise Refused(
            _("The terms of %(version)s are not accepted for this project.") % {"version": version},
            why=_("Licence and policy must be accepted before the first staging, and again after they were changed."),
            todo=_("Read and accept them on the dataset's page, or POST /api/projects/<slug>/agreements."),
        )


def queue(version: Version, project: Project, by: Person, now: datetime) -> Staging:
    """The row that a worker claims; for callers that have checked everything."""
    staging, created = Staging.objects.get_or_create(
        version=version,
        project=project,
        defaults={"folder": f"projects/{project.slug}/data/{version}", "requested_by": by, "requested_at": now},
    )
    if created:
        record(verb="dataset.stage", by=by, subject=version.subject, now=now, project=project.slug)
    return staging


@transaction.atomic
def retry(*, staging: Staging, by: Person, now: datetime) -> Staging:
    """Let a worker try a staging again that was refused or failed. Raises NotAllowed, Refused."""
    must_work_in(by, staging.project, now)
    must_owe_nothing(staging.project, has_personal_data=staging.version.dataset.has_personal_data)
    _must_be_usable(staging.version)
    _must_have_agreed(staging.version, staging.project)
    before = StagingState(staging.state)
    mine = Staging.objects.filter(pk=staging.pk, state=before)
    cleared = {"error_what": "", "error_why": "", "error_todo": "", "error_facts": {}, "tries": 0, "bytes_done": 0}
    if StagingState.WAITING not in STAGING_MOVES[before] or not mine.update(state=StagingState.WAITING, **cleared):
        raise Refused(_("There is nothing to try again."), todo=_("Reload the page."))
    record(verb="dataset.stage_again", by=by, subject=staging.version.subject, now=now, project=staging.project.slug)
    staging.refresh_from_db()
    return staging
