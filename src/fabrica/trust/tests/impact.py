"""Answers of an impact assessment for tests: complete, and such that none is needed."""

from fabrica.trust.engine.impact import KEY, Kind, questions
from fabrica.trust.models import Condition
from fabrica.trust.services import impact as services
from fabrica.trust.states import Met

FORM = questions("impact-2026-1")
RISK = {
    "id": "a1", "what": "It repeats an address.", "likelihood": "possible", "severity": "serious",
    "measures": "Addresses are replaced.", "left": "low",
}  # fmt: skip


def given(**other):
    """Every question answered: two signs of risk, and a conclusion with measures."""
    told = {
        one.id: {Kind.FLAG: "no", Kind.TEXT: "Said.", Kind.DATE: "2027-11-01"}.get(one.kind) or one.answers[0]
        for one in FORM.by_id.values()
    }  # fmt: skip
    return {**told, "large": "yes", "innovative": "unsure", "conclusion": "with_measures", **other}


def write(row, by, now, answers=None, risks=(RISK,)):
    """Keep answers, section by section."""
    answers = given() if answers is None else answers
    for section in FORM.sections:
        part = {key: one for key, one in answers.items() if FORM.places[key] == section.id}
        row = services.save_impact(
            assessment=row, section=section.id, answers=part, by=by, now=now,
            risks=list(risks) if section.id == "risks" else None,
        )  # fmt: skip
    return row


def settle(project):
    """As if two persons of the board had closed what the project owes."""
    Condition.objects.filter(project=project, key=KEY).update(state=Met.CLOSED)
