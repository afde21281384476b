"""Reading reviews. Every list starts from what the person may see."""

from fabrica.reviews.queries.assessments import assessments_of, latest_of, to_assess, visible_to
from fabrica.reviews.queries.deciding import had_part_in
from fabrica.reviews.queries.evaluations import (
    criteria_for,
    evaluation_for,
    evaluation_of,
    outcome_of,
    reply_of,
    review_of,
    reviews_for,
    reviews_of,
    to_write,
)
from fabrica.reviews.queries.experts import Pooled, Proposal, expert_of, invitation_for, pairings_of, pool, proposal_of
from fabrica.reviews.queries.interests import interests_declared, told_of
from fabrica.reviews.queries.newcomers import newcomer_of, newcomers, newcomers_for
from fabrica.reviews.queries.panel import (
    Candidate,
    barred_of,
    calibration_of,
    candidates_of,
    lacks_panel,
    panel_calls,
    ranked_of,
    to_rank,
)

__all__ = [
    "Candidate",
    "Pooled",
    "Proposal",
    "assessments_of",
    "barred_of",
    "calibration_of",
    "candidates_of",
    "criteria_for",
    "evaluation_for",
    "evaluation_of",
    "expert_of",
    "had_part_in",
    "interests_declared",
    "invitation_for",
    "lacks_panel",
    "latest_of",
    "newcomer_of",
    "newcomers",
    "newcomers_for",
    "outcome_of",
    "pairings_of",
    "panel_calls",
    "pool",
    "proposal_of",
    "ranked_of",
    "reply_of",
    "review_of",
    "reviews_for",
    "reviews_of",
    "to_assess",
    "to_rank",
    "to_write",
    "told_of",
    "visible_to",
]
