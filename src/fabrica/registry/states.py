"""The closed lists of this context, and the moves of a version."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused


class State(TextChoices):
    """Where a version of a model stands."""

    REGISTERED = "registered", _("Registered")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class IntakeState(TextChoices):
    """What became of a run's output on its way into the registry."""

    WAITING = "waiting", _("Waiting")
    REGISTERED = "registered", _("Registered")
    EMPTY = "empty", _("Nothing to register")
    FAILED = "failed", _("Failed")


class KeyState(TextChoices):
    """What a signature of a key is worth."""

    ACTIVE = "active", _("Signs now")
    RETIRED = "retired", _("Retired; what it signed stays good")
    REVOKED = "revoked", _("Revoked; trust nothing it signed")


MOVES: dict[State, frozenset[State]] = {
    State.REGISTERED: frozenset({State.PUBLISHED, State.WITHDRAWN}),
    State.PUBLISHED: frozenset({State.WITHDRAWN}),
    State.WITHDRAWN: frozenset(),
}


def check_move(before: State, after: State) -> None:
    """Raises Refused where the table allows no such move."""
    if after not in MOVES[before]:
        raise Refused(
            f"A model that is {before.label.lower()} cannot become {after.label.lower()}.", todo="Reload the page."
        )
