"""Every write of the gate."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from fabrica.audit.services import record
from fabrica.people.models import Person
from fabrica.trust.engine.gate import evaluate
from fabrica.trust.models import Assessment


@transaction.atomic
def assess(*, subject: str, answers: Mapping[str, str], by: Person, now: datetime) -> Assessment:
    """Evaluate complete answers and keep the outcome. Raises Refused when an answer is missing or no answer."""
    outcome = evaluate(answers)
    kept = outcome.as_dict()
    record(
        verb="trust.assess", by=by, subject=subject, now=now, decision=kept["decision"], version=outcome.version,
        rules=[reason.rule for reason in outcome.reasons],
    )  # fmt: skip
    return Assessment.objects.create(
        subject=subject,
        answers=dict(answers),
        decision=outcome.decision,
        reasons=kept["reasons"],
        version=outcome.version,
        assessed_at=now,
    )
