"""Tables of reviews: technical assessments, experts and their reviews, decisions."""

from fabrica.reviews.models.assessments import COMMENT_LIMIT, TechnicalAssessment
from fabrica.reviews.models.deciding import Outcome, Reply
from fabrica.reviews.models.evaluations import Evaluation, Review
from fabrica.reviews.models.experts import REASON_LIMIT, Conflict, Expert, Invitation, Link, Newcomer

__all__ = [
    "COMMENT_LIMIT",
    "REASON_LIMIT",
    "Conflict",
    "Evaluation",
    "Expert",
    "Invitation",
    "Link",
    "Newcomer",
    "Outcome",
    "Reply",
    "Review",
    "TechnicalAssessment",
]
