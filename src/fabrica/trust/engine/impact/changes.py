"""What is different between two versions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fabrica.trust.engine.impact.judging import RISK_ID, Answers, Risk
from fabrica.trust.engine.impact.questions import Question, Questions


@dataclass(frozen=True)
class Change:
    """An answer that is another one now; empty where there was, or is, none. `risk`: the number of a risk, from 1."""

    question: Question
    before: str
    after: str
    risk: int = 0


def changes(
    before: tuple[Answers, Sequence[Risk]], after: tuple[Answers, Sequence[Risk]], form: Questions
) -> tuple[Change, ...]:
    """Each answer that differs, in the order of the form; then the risks, as they are numbered now, those gone last."""
    found = _differences(form.by_id.values(), before[0], after[0])
    old = {one[RISK_ID]: one for one in before[1]}
    new = {one[RISK_ID]: one for one in after[1]}
    for number, key in enumerate([*new, *(one for one in old if one not in new)], start=1):
        found += _differences(form.risk, old.get(key, {}), new.get(key, {}), number)
    return found


def _differences(asked: Iterable[Question], before: Answers, after: Answers, risk: int = 0) -> tuple[Change, ...]:
    pairs = [(one, before.get(one.id, ""), after.get(one.id, "")) for one in asked]
    return tuple(Change(one, was, now, risk) for one, was, now in pairs if was != now)
