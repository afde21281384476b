"""What answers come to: whether an assessment is needed, what is still missing, and what it concludes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fabrica.kit.errors import Refused
from fabrica.trust.engine.impact.questions import (
    MOST_LETTERS,
    MOST_RISKS,
    Kind,
    Question,
    Questions,
    Role,
)
from fabrica.trust.states import ImpactOutcome

Answers = Mapping[str, str]
Risk = Mapping[str, str]
SCREENING, RISKS, CONCLUSION = "screening", "risks", "conclusion"
RISK_ID = "id"
HIGH = "high"


@dataclass(frozen=True)
class Screening:
    """What the screening found: cases of the law, signs, and how many flags have no answer yet."""

    always: tuple[Question, ...]
    signs: tuple[Question, ...]
    unanswered: int
    needed_from: int

    @property
    def is_needed(self) -> bool:
        """Whether an assessment is needed, by what is answered so far: unsure counts as yes."""
        return bool(self.always) or len(self.signs) >= self.needed_from

    @property
    def is_spared(self) -> bool:
        """Whether none is needed for certain: all is answered, and too little applies."""
        return not self.unanswered and not self.is_needed


@dataclass(frozen=True)
class Gap:
    """What is still missing: in which section, at which question; `risk` is the id of a risk."""

    section: str
    question: str
    risk: str = ""
    why: str = ""  # high_left: a risk remains high, but the conclusion says otherwise; no_risks; past: a day gone by


def screen(answers: Answers, form: Questions) -> Screening:
    """Weigh the flags of the screening."""
    flags = [one for one in form.by_id.values() if one.role is not None]
    met = [one for one in flags if answers.get(one.id) in ("yes", "unsure")]
    return Screening(
        always=tuple(one for one in met if one.role is Role.ALWAYS),
        signs=tuple(one for one in met if one.role is Role.SIGN),
        unanswered=sum(one.id not in answers for one in flags),
        needed_from=form.needed_from,
    )


def _is_flagged(key: str) -> Callable[[Answers, Questions], bool]:
    return lambda answers, _form: answers.get(key) in ("yes", "unsure")


WHEN: dict[str, Callable[[Answers, Questions], bool]] = {
    "not_needed": lambda answers, form: screen(answers, form).is_spared,
    "special": _is_flagged("special"),
    "children": _is_flagged("children"),
    "advised": lambda answers, _form: answers.get("officer") == "advised",
}


def is_owed(one: Question, answers: Answers, form: Questions) -> bool:
    """Whether a question needs an answer, as the others stand."""
    return not one.when or WHEN[one.when](answers, form)


def gaps(answers: Answers, risks: Sequence[Risk], form: Questions, today: date) -> tuple[Gap, ...]:
    """What keeps it from being signed, in the order of the form.

    Only the screening counts where no assessment is needed, and while it is not known whether one is.
    """
    found = _open_in(SCREENING, answers, form)
    if not screen(answers, form).is_needed:
        return found
    for section in form.sections[1:]:
        found += _of_risks(risks, form) if section.id == RISKS else _open_in(section.id, answers, form)
    return found + _contradictions(answers, risks, today)


def _open_in(section: str, answers: Answers, form: Questions) -> tuple[Gap, ...]:
    asked = [one for one in form.by_id.values() if form.places[one.id] == section]
    return tuple(
        Gap(section, one.id) for one in asked if not answers.get(one.id) and is_owed(one, answers, form)
    )  # fmt: skip


def _of_risks(risks: Sequence[Risk], form: Questions) -> tuple[Gap, ...]:
    if not risks:
        return (Gap(RISKS, "what", why="no_risks"),)
    return tuple(
        Gap(RISKS, one.id, risk[RISK_ID]) for risk in risks for one in form.risk if not risk.get(one.id)
    )  # fmt: skip


def _contradictions(answers: Answers, risks: Sequence[Risk], today: date) -> tuple[Gap, ...]:
    found: tuple[Gap, ...] = ()
    concluded = answers.get(CONCLUSION)
    is_high = any(one.get("left") == HIGH for one in risks)
    if concluded and is_high and concluded != ImpactOutcome.PRIOR_CONSULTATION:
        found += (Gap(CONCLUSION, CONCLUSION, why="high_left"),)
    if answers.get("review_on") and date.fromisoformat(answers["review_on"]) <= today:
        found += (Gap(CONCLUSION, "review_on", why="past"),)
    return found


def outcome(answers: Answers, form: Questions) -> ImpactOutcome:
    """What it concludes; for answers without gaps."""
    if screen(answers, form).is_spared:
        return ImpactOutcome.NOT_NEEDED
    return ImpactOutcome(answers[CONCLUSION])


def check(answers: Answers, risks: Sequence[Risk], form: Questions) -> None:
    """Raises Refused for what the form does not know or cannot keep: unknown questions, choices, days, lengths."""
    for key, text in answers.items():
        if key not in form.by_id:
            raise Refused(f"There is no question {str(key)[:40]!r}.", why=f"The form is {form.version}.")
        _check_one(form.by_id[key], text)
    fields = {one.id: one for one in form.risk}
    if len(risks) > MOST_RISKS or len({one.get(RISK_ID) for one in risks}) != len(risks):
        raise Refused(f"At most {MOST_RISKS} risks are kept, each once.", todo="Put those together that belong so.")
    for risk in risks:
        if set(risk) - set(fields) - {RISK_ID} or not str(risk.get(RISK_ID, "")).isalnum():
            raise Refused("This is no risk.", todo=f"It has id, {', '.join(fields)}.")
        for key, one in fields.items():
            _check_one(one, risk.get(key, ""))


def _check_one(one: Question, text: str) -> None:
    if not isinstance(text, str) or len(text) > MOST_LETTERS:
        raise Refused(f"{one.id}: an answer has at most {MOST_LETTERS} letters.")
    if not text:
        return
    if one.answers and text not in one.answers:
        raise Refused(f"{one.id}: {text[:40]!r} is no answer.", todo=f"Use one of: {', '.join(one.answers)}.")
    if one.kind is Kind.DATE:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise Refused(f"{one.id}: {text[:40]!r} is no day.", todo="Write it as 2027-01-31.") from None
