"""How far the trust questions are answered on a day, and what follows from them. Pure functions, no tables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.trust.engine import gate
from fabrica.trust.engine.act import VERSIONS, evaluate, in_force, next_questions, ruleset
from fabrica.trust.engine.act.answers import facts_from, words_of
from fabrica.trust.engine.act.asking import APPLICANT, Asking
from fabrica.trust.engine.act.keeping import known, laid_over
from fabrica.trust.engine.act.ruleset import Question, RuleSet, said
from fabrica.trust.engine.act.telling import as_dict

MOST_LETTERS = 40
NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)(?:(?:[x×*·]10\^?|e\+?)(\d{1,2}))?")  # noqa: RUF001 - people type it so
POWER = re.compile(r"10\^(\d{1,2})")
OPERATIONS_EACH = 6  # for a parameter and a token; source in `engine.propose`
MILLION = 1_000_000


@dataclass(frozen=True)
class Interview:
    """The answers that the rules in force on a day ask for, and what is still to be asked."""

    answers: Mapping[str, str]
    day: date
    rules: RuleSet

    @cached_property
    def asking(self) -> Asking:
        """What can still matter, and how many questions are left."""
        return next_questions(self.answers, self.day, self.rules)

    @property
    def next(self) -> Question | None:
        """What to ask now; None when it is complete."""
        return self.asking.questions[0] if self.asking.questions else None

    @property
    def is_whole(self) -> bool:
        return self.next is None

    @property
    def total(self) -> int:
        """How many questions it usually comes to in all."""
        return len(self.answers) + self.asking.usually

    def before(self, question: str) -> str | None:
        """The answered question before this one."""
        place = self.rules.order[question]
        return next((key for key in reversed(list(self.answers)) if self.rules.order[key] < place), None)

    def question(self, key: str) -> Question:
        """A question that an applicant is asked. Raises Refused."""
        found = self.rules.questions.get(key)
        if found is None or found.answered_by != APPLICANT:
            raise Refused(f"There is no question {key[:MOST_LETTERS]} for you to answer.")
        return found

    def outcome(self, language: str) -> dict[str, Any]:
        """The record of what the rules say to the answers so far."""
        return as_dict(evaluate(self.answers, self.day, self.rules), language)


def interview(answers: Mapping[str, str], day: date) -> Interview:
    """Of kept answers; those to questions that are not asked any more are left out."""
    rules = in_force(day)
    return Interview(known(answers, rules), day, rules)


def with_answers(kept: Mapping[str, str], told: Mapping[str, Any], day: date) -> dict[str, str]:
    """Kept answers with new ones laid over them; None takes one away. Raises Refused for what is no answer."""
    rules = in_force(day)
    found = laid_over(known(kept, rules), words_of(told), rules)
    facts_from(found, day, rules)
    return known(found, rules)


def is_of_first_gate(answers: Mapping[str, str]) -> bool:
    """Whether they answer the questions that were asked before the rules of the Act were."""
    return not answers.keys().isdisjoint(one.id for one in gate.questions())


def words_said(answers: Mapping[str, str], language: str) -> list[tuple[str, str, str]]:
    """Id, question and answer of each, in the order of the questions."""
    if is_of_first_gate(answers):
        return [(one.id, one.question, answers[one.id]) for one in gate.questions(language) if one.id in answers]
    asked = [one for version in reversed(VERSIONS) for one in ruleset(version).questions.values()]
    found = {one.id: said(one.words, "question", language) for one in reversed(asked)}
    order = {key: place for place, key in enumerate(dict.fromkeys(one.id for one in asked))}
    return [(key, found[key], answers[key]) for key in sorted(answers.keys() & found.keys(), key=order.__getitem__)]


def number_in(text: str) -> str:
    """A number as people write it (`2e22`, `2,5 x 10^22`, `10^22`), as it is kept. Raises ValueError."""
    told = "".join(text.split()).lower().replace("\u202f", "")
    if found := POWER.fullmatch(told):
        return f"1e{found[1]}"
    found = NUMBER.fullmatch(told) if len(told) <= MOST_LETTERS else None
    if found is None:
        raise ValueError(text)
    return found[1].replace(",", ".") + (f"e{found[2]}" if found[2] else "")


def operations(parameters_millions: int | None, tokens_millions: int | None, runs: int | None) -> str:
    """About how many floating-point operations the runs of an application take; empty until it says enough."""
    if not (parameters_millions and tokens_millions and runs):
        return ""
    told = OPERATIONS_EACH * parameters_millions * MILLION * tokens_millions * MILLION * runs
    return f"{told:.1e}".replace("e+", "e")
