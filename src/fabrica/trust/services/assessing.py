"""Weighing an applicant's answers, and keeping what came of it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.trust.engine.act import evaluate, in_force, next_questions
from fabrica.trust.engine.act.answers import Answers
from fabrica.trust.engine.act.telling import as_dict, reasons_of
from fabrica.trust.models import Assessment

MOST_NAMED = 5


@transaction.atomic
def assess(*, subject: str, answers: Answers, by: Person, now: datetime) -> Assessment:
    """Weigh answers by the rules in force on the day and keep the outcome.

    Raises Refused where a question is open that can still matter, or for what is no answer.
    """
    day = timezone.localdate(now)
    rules = in_force(day)
    _must_be_whole(answers, next_questions(answers, day, rules).questions)
    outcome = evaluate(answers, day, rules)
    told = as_dict(outcome)
    reasons = reasons_of(told)
    record(
        verb="trust.assess", by=by, subject=subject, now=now, decision=outcome.decision.value, version=outcome.version,
        rules=[one["rule"] for one in reasons],
    )  # fmt: skip
    return Assessment.objects.create(
        subject=subject, answers=dict(answers), decision=outcome.decision.value, reasons=reasons,
        version=outcome.version, assessed_at=now, as_of=day, labels=told["labels"], duties=told["obligations"],
        path=told["path"],
    )  # fmt: skip


def _must_be_whole(answers: Answers, left: Any) -> None:
    if left:
        named = ", ".join(one.id for one in left[:MOST_NAMED])
        more = _("and %(count)s more") % {"count": len(left) - MOST_NAMED} if len(left) > MOST_NAMED else ""
        told = {"named": f"{named} {more}".strip(), "count": len(answers)}
        why = _("These can still matter: %(named)s. %(count)s are answered.") % told
        raise Refused(_("The gate needs every answer that can still matter."), why=why)
