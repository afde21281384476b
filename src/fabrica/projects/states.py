"""The closed lists of this context, and the one table of who may do what in a project."""

from types import MappingProxyType

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """As what a member belongs to the project. All see it; `MAY` says what else."""

    PI = "pi", _("Principal investigator")
    CO_PI = "co_pi", _("Co-principal investigator")
    MEMBER = "member", _("Member")
    GUEST = "guest", _("Guest")
    FACILITATOR = "facilitator", _("Facilitator")
    ANTENNA = "antenna", _("Antenna")


class Right(TextChoices):
    """What a member may do beyond seeing the project."""

    WORK = "work", _("Use data, launch runs, enter the machine")
    MANAGE = "manage", _("Invite and remove members, change their roles")
    REPORT = "report", _("Write reports and name publications")
    HAND_OVER = "hand_over", _("Appoint co-principal investigators, propose another principal investigator")
    TOLD = "told", _("Is written to about idle hours and reports")


MAY = MappingProxyType({
    Role.PI: frozenset({Right.WORK, Right.MANAGE, Right.REPORT, Right.HAND_OVER, Right.TOLD}),
    Role.CO_PI: frozenset({Right.WORK, Right.MANAGE, Right.REPORT, Right.TOLD}),
    Role.MEMBER: frozenset({Right.WORK}),
    Role.GUEST: frozenset(),
    Role.FACILITATOR: frozenset({Right.REPORT, Right.TOLD}),
    Role.ANTENNA: frozenset({Right.TOLD}),
})  # fmt: skip


def holders(right: Right) -> tuple[Role, ...]:
    """The roles that have a right."""
    return tuple(role for role, rights in MAY.items() if right in rights)


class InvitationState(TextChoices):
    """Where an invitation stands; derived, never kept."""

    OPEN = "open", _("Open")
    EXPIRED = "expired", _("Expired")
    ACCEPTED = "accepted", _("Accepted")
    REVOKED = "revoked", _("Revoked")


class HandoverState(TextChoices):
    """Where a change of the principal investigator stands."""

    OPEN = "open", _("Waiting for consent")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ReportKind(TextChoices):
    """Which report of a project."""

    PROGRESS = "progress", _("Progress report")
    FINAL = "final", _("Final report")


class ReportState(TextChoices):
    """Where a report stands."""

    OPEN = "open", _("To be written")
    SUBMITTED = "submitted", _("Handed in")
    RETURNED = "returned", _("Sent back")
    ACCEPTED = "accepted", _("Accepted")


WRITABLE = (ReportState.OPEN, ReportState.RETURNED)


class ProposalState(TextChoices):
    """Where the question stands whether idle hours go back to the pool."""

    OPEN = "open", _("Waits for an officer")
    ANNOUNCED = "announced", _("Announced; the project may object")
    OBJECTED = "objected", _("The project objects")
    RECLAIMED = "reclaimed", _("The hours went back")
    KEPT = "kept", _("The hours stay")
    LAPSED = "lapsed", _("No longer so")


UNSETTLED = (ProposalState.OPEN, ProposalState.ANNOUNCED, ProposalState.OBJECTED)
