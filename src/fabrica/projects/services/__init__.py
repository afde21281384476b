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
from fabrica.projects.services.members import add_member, leave, remove_member, set_role
from fabrica.projects.services.opening import open_project

__all__ = [
    "MOST_OPEN",
    "accept_invitation",
    "add_member",
    "answer_proposal",
    "invite",
    "invite_again",
    "leave",
    "note_letter",
    "open_project",
    "propose_pi",
    "remove_member",
    "revoke_invitation",
    "set_role",
    "withdraw_proposal",
]
