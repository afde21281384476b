"""The technical assessment."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

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
    one who has an interest in the organisation or declares a conflict; Refused for bad input or a wrong state.
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
        raise Refused(_("You have assessed this application already."), todo=_("Reload the page.")) from error
    record(
        verb="review.assess", by=by, subject=application.subject, now=now,
        verdict=verdict, gpu_seconds=gpu_seconds_recommended,
    )  # fmt: skip
    _tell_officers(application, now)
    return made


def _must_assess(by: Person, application: Application, declared: bool) -> None:  # noqa: FBT001 - private, named above
    if not people_rules.has_role(by, Role.ASSESSOR):
        raise NotAllowed(_("Only an assessor assesses applications."))
    rules.must_be_free(by, application)
    if declared:
        raise NotAllowed(
            _("You have a conflict of interest in this application."),
            why=_("Nobody judges for an organisation they work for or are close to."),
            todo=_("Leave it to another assessor and tell the officer."),
        )


def _check(application: Application, verdict: str, comment: str, gpu_seconds: int) -> None:
    if verdict not in Verdict.values:
        unknown = _("%(verdict)s is no verdict.") % {"verdict": verdict[:40]}
        raise Refused(unknown, todo=_("Use one of: %(verdicts)s.") % {"verdicts": ", ".join(Verdict.values)})
    if not comment.strip() or len(comment) > COMMENT_LIMIT:
        raise Refused(_("An assessment needs a comment of at most %(most)s letters.") % {"most": f"{COMMENT_LIMIT:,}"})
    if verdict == Verdict.UNFIT:
        if gpu_seconds:
            raise Refused(_("A plan that is unfit is given no hours."), todo=_("Recommend 0, or another verdict."))
        return
    mode = application.call.mode
    most = min(mode.gpu_hours_max * SECONDS_PER_HOUR, MOST["gpu_seconds"])
    if not 0 < gpu_seconds <= most:
        limits = {
            "mode": mode.title,
            "most": f"{mode.gpu_hours_max:,}",
            "hours": f"{gpu_seconds / SECONDS_PER_HOUR:,.2f}",
        }
        raise Refused(
            _("%(mode)s gives more than 0 and at most %(most)s GPU-hours; you recommend %(hours)s.") % limits,
            why=_("Source of the limit: %(source)s.") % {"source": mode.source},
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
