"""Complete answers to the interview, by what they lead to; for the tests of everybody who needs an application."""

from datetime import date

from fabrica.trust.engine.act import in_force, next_questions
from fabrica.trust.states import Decision

# What is answered otherwise than most would: a forecasting model; one nobody is sure of; a chat; a weapon.
OTHERWISE = {
    Decision.ACCEPT: {"text": "no", "interacts": "no"},
    Decision.ACCEPT_CONDITIONS: {},
    Decision.REFER_ETHICS: {"civilian": "unsure"},
    Decision.REJECT: {"civilian": "no"},
}
# Questions come and go with the day on which a rule begins: these are complete on each of them.
DAYS = tuple(map(date.fromisoformat, ("2026-11-23", "2026-12-03", "2027-12-03", "2028-09-01")))

# What makes of a model one that sorts applicants: high-risk by Annex III.
HIGH_RISK = {"high_risk": "yes", "work": "yes", "job_selection": "yes"}


def interviewed(decision, day=None):
    """The questions of an interview on a day, today if none is given, in the order in which they come up."""
    day, told = day or date.today(), {}
    while left := next_questions(told, day, in_force(day)).questions:
        told[left[0].id] = OTHERWISE[Decision(decision)].get(left[0].id, left[0].usual)
    return list(told)


def answers_for(decision, **otherwise):
    """Answers that are complete on every day since November 2026 and lead to this decision.

    `otherwise`: some of them, to be answered in another way; what then comes up is answered as most would.
    """
    told, wanted = {}, {**OTHERWISE[Decision(decision)], **otherwise}
    for day in DAYS:
        while left := next_questions(told, day, in_force(day)).questions:
            told[left[0].id] = wanted.get(left[0].id, left[0].usual)
    return told
