"""Every write about projects."""

from fabrica.projects.services.handing_over import answer_proposal, propose_pi, withdraw_proposal
from fabrica.projects.services.inviting import (
    MOST_OPEN,
    accept_invitation,
    invite,
    invite_again,
    note_letter,
    revoke_invitation,
)
from fabrica.projects.services.listing import ask_for_listing, list_project, unlist_project
from fabrica.projects.services.members import add_member, leave, leave_all, remove_member, set_role
from fabrica.projects.services.opening import open_project
from fabrica.projects.services.publishing import add_publication, remove_publication
from fabrica.projects.services.purposes import set_purpose
from fabrica.projects.services.reclaiming import (
    announce_reclaim,
    keep_hours,
    lapse_reclaim,
    note_reclaimed,
    object_to_reclaim,
    propose_reclaim,
    settle_reclaim,
)
from fabrica.projects.services.reporting import (
    ReportSavedMeanwhile,
    accept_report,
    lift_bar,
    plan_reports,
    remind,
    return_report,
    save_report,
    submit_report,
)
from fabrica.projects.services.storing import grant_storage, look_at_storage, note_purged
from fabrica.projects.services.watching import look_again, make_watches, warn_idle

__all__ = [
    "MOST_OPEN",
    "ReportSavedMeanwhile",
    "accept_invitation",
    "accept_report",
    "add_member",
    "add_publication",
    "announce_reclaim",
    "answer_proposal",
    "ask_for_listing",
    "grant_storage",
    "invite",
    "invite_again",
    "keep_hours",
    "lapse_reclaim",
    "leave",
    "leave_all",
    "lift_bar",
    "list_project",
    "look_again",
    "look_at_storage",
    "make_watches",
    "note_letter",
    "note_purged",
    "note_reclaimed",
    "object_to_reclaim",
    "open_project",
    "plan_reports",
    "propose_pi",
    "propose_reclaim",
    "remind",
    "remove_member",
    "remove_publication",
    "return_report",
    "revoke_invitation",
    "save_report",
    "set_purpose",
    "set_role",
    "settle_reclaim",
    "submit_report",
    "unlist_project",
    "warn_idle",
    "withdraw_proposal",
]
