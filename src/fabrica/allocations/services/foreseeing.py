"""What the hours of an award could train is looked at when they are granted, not only once they are used."""

from datetime import datetime

from fabrica.allocations import queries
from fabrica.allocations.models import Award
from fabrica.trust.queries.purposes import answers_since
from fabrica.trust.services import compute

MILLION = 10**6


def foresee(*, award: Award, now: datetime) -> None:
    """Keep what all hours of an award, those promised for later included, could train; tell what that reaches."""
    application = award.application
    parameters, tokens = application.parameters_millions, application.tokens_millions
    plan = compute.Plan(
        parameters * MILLION if parameters else None, tokens * MILLION if tokens else None, application.runs
    )
    granted, answers = award.gpu_seconds + queries.promised(award), answers_since(award.project)
    if answers is None:
        answers = application.gate.answers if application.gate else {}
    compute.note_grant(
        project=award.project, machine=award.machine, gpu_seconds=granted, plan=plan, answers=answers, now=now
    )
