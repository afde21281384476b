"""The technical assessment."""

from datetime import datetime

from django.db import IntegrityError, transaction

from fabrica.applications import services as applications
from fabrica.applications.models import MOST, Application
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.units import SECONDS_PER_HOUR
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.reviews import rules
from fabrica.reviews.models import COMMENT_LIMIT, TechnicalAssessment
from fabrica.reviews.states import Verdict


@transaction.atomic
def assess(
    *,
    application: Application,
    verdict: str,
    comment: str,
    gpu_seconds_recommended: int,
    by: Person,
    now: datetime,
    has_conflict: bool = False,
) -> TechnicalAssessment:
    """Keep the technical assessment of a screened application and pass it on to the officer.

    `verdict` is one of `Verdict`; an unfit plan is given no hours, every other one between one second and the
    mode's limit. `has_conflict` is what the assessor declares. Raises NotAllowed for all but assessors, also for
    one who works for the organisation or declares a conflict; Refused for bad input or a wrong state.
    """
    _must_assess(by, application, has_conflict)
    _check(application, verdict, comment, gpu_seconds_recommended)
    applications.mark_assessed(application=application, by=by, now=now)
    try:
        with transaction.atomic():
            made = TechnicalAssessment.objects.create(
                application=application, assessor=by, verdict=verdict, comment=comment.strip(),
                gpu_seconds_recommended=gpu_seconds_recommended, has_conflict=has_conflict, submitted_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("You have assessed this application already.", todo="Reload the page.") from error
    record(
        verb="review.assess", by=by, subject=application.subject, now=now,
        verdict=verdict, gpu_seconds=gpu_seconds_recommended,
    )  # fmt: skip
    _tell_officers(application, now)
    return made


def _must_assess(by: Person, application: Application, declared: bool) -> None:  # noqa: FBT001 - private, named above
    if not people_rules.has_role(by, Role.ASSESSOR):
        raise NotAllowed("Only an assessor assesses applications.")
    if declared or rules.has_conflict(by, application):
        raise NotAllowed(
            "You have a conflict of interest in this application.",
            why="Nobody judges for an organisation they work for or are close to.",
            todo="Leave it to another assessor and tell the officer.",
        )


def _check(application: Application, verdict: str, comment: str, gpu_seconds: int) -> None:
    if verdict not in Verdict.values:
        raise Refused(f"{verdict[:40]} is no verdict.", todo=f"Use one of: {', '.join(Verdict.values)}.")
    if not comment.strip() or len(comment) > COMMENT_LIMIT:
        raise Refused(f"An assessment needs a comment of at most {COMMENT_LIMIT:,} letters.")
    if verdict == Verdict.UNFIT:
        if gpu_seconds:
            raise Refused("A plan that is unfit is given no hours.", todo="Recommend 0, or another verdict.")
        return
    mode = application.call.mode
    most = min(mode.gpu_hours_max * SECONDS_PER_HOUR, MOST["gpu_seconds"])
    if not 0 < gpu_seconds <= most:
        raise Refused(
            f"{mode.title} gives more than 0 and at most {mode.gpu_hours_max:,} GPU-hours; "
            f"you recommend {gpu_seconds / SECONDS_PER_HOUR:,.2f}.",
            why=f"Source of the limit: {mode.source}.",
        )


def _tell_officers(application: Application, now: datetime) -> None:
    for officer in with_role(Role.OFFICER):
        if rules.can_decide(officer, application):
            tell(
                person=officer,
                kind="review_assessed",
                event=f"{application.subject}:to-decide",
                now=now,
                path=f"/desk/{application.code}/",
                application=application,
            )
