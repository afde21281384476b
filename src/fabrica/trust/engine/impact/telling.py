"""An assessment as it reads: sections with questions and answers, in a language."""

from collections.abc import Sequence
from dataclasses import dataclass

from fabrica.trust.engine.impact.judging import RISKS, Answers, Risk, is_owed, screen
from fabrica.trust.engine.impact.questions import Question, Questions, Section


@dataclass(frozen=True)
class Part:
    """A section with what was answered; `rows` are questions with their answers, `risks` the same for each risk."""

    section: Section
    rows: tuple[tuple[Question, str], ...]
    risks: tuple[tuple[tuple[Question, str], ...], ...] = ()


def report(answers: Answers, risks: Sequence[Risk], form: Questions) -> tuple[Part, ...]:
    """All sections that count: where no assessment is needed, the screening alone."""
    parts = [Part(one, _rows(one, answers, form)) for one in form.sections if one.id != RISKS]
    if screen(answers, form).is_spared:
        return tuple(parts[:1])
    told = tuple(tuple((one, risk.get(one.id, "")) for one in form.risk) for risk in risks)
    at = [one.id for one in form.sections].index(RISKS)
    return (*parts[:at], Part(form.sections[at], (), told), *parts[at:])


def _rows(section: Section, answers: Answers, form: Questions) -> tuple[tuple[Question, str], ...]:
    """What was asked, or answered all the same."""
    return tuple(
        (one, answers.get(one.id, "")) for one in section.questions
        if is_owed(one, answers, form) or answers.get(one.id)
    )  # fmt: skip
