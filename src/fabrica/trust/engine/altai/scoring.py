"""Answers into scores and recommendations."""

from collections.abc import Mapping
from dataclasses import dataclass

from fabrica.kit.errors import Refused
from fabrica.trust.engine.altai.asking import Scope
from fabrica.trust.engine.altai.checklist import Answer, Checklist, Item

HALVES = {Answer.YES: 2, Answer.PARTLY: 1, Answer.NO: 0, Answer.UNSURE: 0}  # of a point
ORDER = (Answer.NO, Answer.UNSURE, Answer.PARTLY)  # of two recommendations of one weight
FULL, MOST_RATING = 100, 5
APART = 2  # steps by which one's own rating and the computed one may differ before it is said


@dataclass(frozen=True)
class Score:
    """A requirement: what was asked and answered, the points of 100 that this makes, and one's own rating.

    `points` is None where nothing counts: no answer yet, or all not applicable.
    """

    requirement: str
    asked: int
    answered: int
    not_applicable: int
    unsure: int
    points: int | None
    rating: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every item that is asked has an answer."""
        return self.answered == self.asked

    @property
    def steps(self) -> float | None:
        """The points on the scale of the rating, 0 to 5."""
        return None if self.points is None else self.points * MOST_RATING / FULL

    @property
    def rates_itself_higher(self) -> bool:
        """Whether who builds it thinks clearly better of it than the answers do."""
        return self.rating is not None and self.steps is not None and self.rating - self.steps >= APART


@dataclass(frozen=True)
class Advice:
    """What to do about an item that was not answered with yes."""

    item: Item
    answer: Answer


@dataclass(frozen=True)
class Result:
    """What answers come to. `advice` is ordered: what hangs most on it first."""

    version: str
    scope: Scope
    scores: tuple[Score, ...]
    advice: tuple[Advice, ...]

    @property
    def asked(self) -> int:
        """How many items are asked."""
        return sum(one.asked for one in self.scores)

    @property
    def answered(self) -> int:
        """How many of them have an answer."""
        return sum(one.answered for one in self.scores)

    @property
    def is_complete(self) -> bool:
        """Whether every item that is asked has an answer."""
        return self.answered == self.asked


def check(answers: Mapping[str, str], ratings: Mapping[str, int], rules: Checklist) -> None:
    """Raises Refused for an unknown item or requirement, what its kind does not know, or a rating beyond 0 to 5."""
    for key, answer in answers.items():
        if key not in rules.by_id:
            raise Refused(f"There is no item {str(key)[:40]!r}.", why=f"The list is {rules.version}.")
        known = rules.by_id[key].kind.answers
        if answer not in known:
            raise Refused(f"{key}: {str(answer)[:40]!r} is no answer.", todo=f"Use one of: {', '.join(known)}.")
    requirements = [one.id for one in rules.requirements]
    for key, rating in ratings.items():
        if key not in requirements:
            raise Refused(f"There is no requirement {str(key)[:40]!r}.", todo=f"They are: {', '.join(requirements)}.")
        if isinstance(rating, bool) or not isinstance(rating, int) or not 0 <= rating <= MOST_RATING:
            raise Refused(f"{key}: a rating is a whole number from 0 to {MOST_RATING}.")


def score(
    answers: Mapping[str, str], rules: Checklist, scope: Scope = Scope.ALL, ratings: Mapping[str, int] | None = None
) -> Result:
    """Weigh answers. Those to items that are not asked do not count. Raises Refused as `check` does."""
    own = ratings or {}
    check(answers, own, rules)
    scores = tuple(_score(one.id, answers, rules, scope, own.get(one.id)) for one in rules.requirements)
    found = [Advice(one, Answer(answers[one.id])) for one in scope.items(rules) if one.id in answers]
    open_ones = [one for one in found if one.answer in ORDER]
    place = {one.id: number for number, one in enumerate(rules.items)}
    open_ones.sort(key=lambda one: (-one.item.weight, ORDER.index(one.answer), place[one.item.id]))
    return Result(rules.version, scope, scores, tuple(open_ones))


def _score(key: str, answers: Mapping[str, str], rules: Checklist, scope: Scope, rating: int | None) -> Score:
    asked = scope.items(rules, key)
    given = [(one.weight, Answer(answers[one.id])) for one in asked if one.id in answers]
    counted = [(weight, HALVES[answer]) for weight, answer in given if answer is not Answer.NOT_APPLICABLE]
    whole = sum(weight for weight, _ in counted) * 2
    reached = sum(weight * halves for weight, halves in counted)
    return Score(
        requirement=key,
        asked=len(asked),
        answered=len(given),
        not_applicable=len(given) - len(counted),
        unsure=sum(answer is Answer.UNSURE for _, answer in given),
        points=FULL * reached // whole if whole else None,  # rounded down: 100 is only what is all yes
        rating=rating,
    )
