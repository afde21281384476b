"""Every write about applications. A state changes in `moving.move` and nowhere else."""

from fabrica.applications.services.answering import (
    extend_answer,
    mark_accepted,
    mark_declined,
    mark_offer_withdrawn,
    mark_offered,
)
from fabrica.applications.services.applying import (
    SavedMeanwhile,
    appeal,
    save_draft,
    start,
    submit,
    take_form,
    withdraw,
)
from fabrica.applications.services.attaching import attach, detach, sweep
from fabrica.applications.services.deciding import (
    mark_assessed,
    mark_awarded,
    mark_evaluated,
    mark_ranked,
    redirect,
    refuse,
    screen,
    send_back,
    take_up_again,
)
from fabrica.applications.services.interviewing import AnsweredMeanwhile, answer_trust
from fabrica.applications.services.moving import (
    recount,
    ring,
)
from fabrica.applications.services.self_assessing import self_assess

__all__ = [
    "AnsweredMeanwhile",
    "SavedMeanwhile",
    "answer_trust",
    "appeal",
    "attach",
    "detach",
    "extend_answer",
    "mark_accepted",
    "mark_assessed",
    "mark_awarded",
    "mark_declined",
    "mark_evaluated",
    "mark_offer_withdrawn",
    "mark_offered",
    "mark_ranked",
    "recount",
    "redirect",
    "refuse",
    "ring",
    "save_draft",
    "screen",
    "self_assess",
    "send_back",
    "start",
    "submit",
    "sweep",
    "take_form",
    "take_up_again",
    "withdraw",
]
