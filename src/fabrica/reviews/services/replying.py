"""The applicant's right to reply."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.applications import rules as application_rules
from fabrica.applications.models import TEXT_LIMIT
from fabrica.applications.states import State
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.reviews.models import Evaluation, Reply


@transaction.atomic
def reply(*, evaluation: Evaluation, text: str, by: Person, now: datetime) -> Reply:
    """Answer the reviews, once, within the clock. Raises NotAllowed for others than the organisation's; Refused."""
    application = evaluation.application
    if not application_rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation answer the reviews of its application."))
    if not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused(_("An answer has 1 to %(most)s letters.") % {"most": TEXT_LIMIT})
    if application.state != State.EVALUATED or evaluation.reply_until is None or now > evaluation.reply_until:
        raise Refused(_("The reviews cannot be answered any more."), todo=_("Open its page to see where it stands."))
    try:
        with transaction.atomic():
            made = Reply.objects.create(evaluation=evaluation, text=text.strip(), by=by, at=now)
    except IntegrityError as error:
        raise Refused(_("The reviews were answered already."), why=_("One answer is possible.")) from error
    record(verb="evaluation.reply", by=by, subject=application.subject, now=now)
    return made
