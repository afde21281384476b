"""What an applicant answers about themselves by the list of trustworthy AI, beside the application."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.models import Application
from fabrica.applications.services.moving import read_again
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.trust import services as trust
from fabrica.trust.engine.altai import sets_on
from fabrica.trust.models import SelfAssessment


@transaction.atomic
def self_assess(
    *,
    application: Application,
    by: Person,
    now: datetime,
    answers: Mapping[str, str] | None = None,
    ratings: Mapping[str, int | None] | None = None,
    seen: Mapping[str, int] | None = None,
) -> SelfAssessment:
    """Keep answers and own ratings, complete or not; they are handed in with the application.

    Raises NotAllowed, Refused, SelfAssessedMeanwhile.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation write in its application."))
    read_again(application)  # it may have been handed in since; nothing is kept beside what was
    if not application.is_editable:
        raise Refused(
            _("It was submitted; its answers stay as they are."),
            todo=_("Withdraw it, or ask the officer for it back."),
        )
    asked = sets_on(now.date()).of(application.call.mode.key)
    return trust.self_assess(
        subject=application.subject, scope=asked.scope, now=now, answers=answers, ratings=ratings, seen=seen
    )


def hand_in(application: Application, by: Person, now: datetime) -> None:
    """Fix the self-assessment with a submission. Raises Refused where the mode asks for all of it and it is not."""
    asked = sets_on(now.date()).of(application.call.mode.key)
    trust.hand_in_self_assessment(subject=application.subject, is_required=asked.is_required, by=by, now=now)
