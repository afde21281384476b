"""Reviews and their criteria as plain values, for pages and the API alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from fabrica.reviews.engine.ranking import Merged, Scored, merge, points
from fabrica.reviews.models import Evaluation, Review


@dataclass(frozen=True)
class ShownScore:
    """One score with its criterion in the language of the reader."""

    id: str
    label: str
    score: int
    high: int
    threshold: int

    @property
    def is_below(self) -> bool:
        return self.score < self.threshold


@dataclass(frozen=True)
class ShownReview:
    """One review that was handed in. `name` and `remark` are empty where the reader is not told."""

    name: str
    scores: Sequence[ShownScore]
    comment: str
    remark: str
    points: float


def shown_reviews(evaluation: Evaluation, reviews: Sequence[Review]) -> list[ShownReview]:
    """These reviews as their reader sees them."""
    criteria, language = evaluation.criteria, get_language() or "en"
    found = []
    for one in reviews:
        scores = [
            ShownScore(
                each.id, each.label.get(language) or each.label["en"], one.scores[each.id], each.high, each.threshold
            )
            for each in criteria.each
        ]
        value = round(float(points(one.scores, criteria)), 1)
        found.append(ShownReview(one.reviewer.name, scores, one.comment, one.remark, value))
    return found


def merged_of(evaluation: Evaluation, reviews: Sequence[Review]) -> Merged:
    """These reviews together; there is at least one."""
    scored = [Scored("", str(one.pk), one.scores) for one in reviews]
    return merge("", scored, evaluation.criteria)
