"""Every write about reviews."""

from fabrica.reviews.services.assessing import assess
from fabrica.reviews.services.deciding import decide_appeal, note_outcome, refuse
from fabrica.reviews.services.evaluating import assign, close_evaluation, open_evaluation
from fabrica.reviews.services.experts import answer_invitation, change_profile, invite, note_link
from fabrica.reviews.services.interests import declare_conflict, declare_interest, lift_interest
from fabrica.reviews.services.newcomers import invite_newcomer, invite_newcomer_again, withdraw_newcomer
from fabrica.reviews.services.ranking import rank
from fabrica.reviews.services.replying import reply
from fabrica.reviews.services.reviewing import accept, decline, save_review, submit_review

__all__ = [
    "accept",
    "answer_invitation",
    "assess",
    "assign",
    "change_profile",
    "close_evaluation",
    "decide_appeal",
    "declare_conflict",
    "declare_interest",
    "decline",
    "invite",
    "invite_newcomer",
    "invite_newcomer_again",
    "lift_interest",
    "note_link",
    "note_outcome",
    "open_evaluation",
    "rank",
    "refuse",
    "reply",
    "save_review",
    "submit_review",
    "withdraw_newcomer",
]
