"""How votes become a finding: quorum, majority, consensus, by the dated rules of the board. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from math import ceil
from typing import Any

from fabrica.kit.facts import Source, load, source_of
from fabrica.trust.states import Finding, Vote

WHOLE = 100
FINDING_OF = {
    Vote.ACCEPT: Finding.APPROVED,
    Vote.ACCEPT_WITH_CONDITIONS: Finding.APPROVED_WITH_CONDITIONS,
    Vote.REFUSE: Finding.NOT_APPROVED,
}


@dataclass(frozen=True)
class Rules:
    """By what the board decides, from a day on."""

    version: str
    applies_from: date
    applies_to: date | None
    quorum_members: int
    quorum_percent: int
    majority_percent: int
    decide_days: int
    answer_days: int
    source: Source


@dataclass(frozen=True)
class Tally:
    """What the votes come to. `finding` is None while there is no quorum, or no majority."""

    counts: dict[Vote, int]
    seats: int
    quorum: int
    finding: Finding | None
    how: str

    @property
    def has_quorum(self) -> bool:
        """Whether enough have voted, abstentions counted."""
        return sum(self.counts.values()) >= self.quorum


@cache
def versions() -> tuple[Rules, ...]:
    """All versions, validated: one follows the other without a day of two."""
    found = tuple(_rules(one) for one in load("fabrica.trust", "board.json")["versions"])
    for one, following in pairwise(found):
        if one.applies_to is None or one.applies_to >= following.applies_from:
            raise ValueError(f"{one.version} and {following.version} apply on the same day")
    return found


def _rules(told: dict[str, Any]) -> Rules:
    begins, ends = told["applies_from"], told["applies_to"]
    made = Rules(
        told["version"], date.fromisoformat(begins), date.fromisoformat(ends) if ends else None,
        told["quorum_members"], told["quorum_percent"], told["majority_percent"], told["decide_days"],
        told["answer_days"], source_of(told),
    )  # fmt: skip
    if min(made.quorum_members, made.decide_days, made.answer_days) < 1:
        raise ValueError(f"a board of nobody, or without a day to answer: {made.version}")
    if not (0 <= made.quorum_percent <= WHOLE and WHOLE // 2 <= made.majority_percent < WHOLE):
        raise ValueError(f"a majority is more than half: {made.version}")
    return made


def rules_on(day: date) -> Rules:
    """The rules of a day. Raises ValueError where none apply."""
    for one in versions():
        if one.applies_from <= day and (one.applies_to is None or day <= one.applies_to):
            return one
    raise ValueError(f"the board has no rules on {day.isoformat()}")


def tally(votes: Sequence[Vote], seats: int, rules: Rules) -> Tally:
    """What the votes of those who may vote come to.

    Abstentions count for the quorum, not for the majority. Both ways of accepting stand against refusing; where as many
    want conditions as want none, there are conditions.
    """
    counts = Counter(votes)
    quorum = max(rules.quorum_members, ceil(seats * rules.quorum_percent / WHOLE))
    said = [one for one in votes if one is not Vote.ABSTAIN]
    if len(votes) < quorum or not said:
        return Tally(dict(counts), seats, quorum, None, "")
    if len(set(votes)) == 1 and len(votes) == seats:
        return Tally(dict(counts), seats, quorum, FINDING_OF[said[0]], "consensus")
    finding = _majority(counts, len(said), rules.majority_percent)
    return Tally(dict(counts), seats, quorum, finding, "majority" if finding else "")


def _majority(counts: Counter[Vote], said: int, percent: int) -> Finding | None:
    plain, careful = counts[Vote.ACCEPT], counts[Vote.ACCEPT_WITH_CONDITIONS]
    if counts[Vote.REFUSE] * WHOLE > said * percent:
        return Finding.NOT_APPROVED
    if (plain + careful) * WHOLE > said * percent:
        return Finding.APPROVED if plain > careful else Finding.APPROVED_WITH_CONDITIONS
    return None
