"""The states of an application and the moves between them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused
from fabrica.people.states import Role


class State(TextChoices):
    """Where an application stands."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Waiting for the applicant")
    SCREENED = "screened", _("Eligible")
    ASSESSED = "assessed", _("Assessed")
    AWARDED = "awarded", _("Awarded")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Standing(TextChoices):
    """How the clock of a step stands."""

    RUNNING = "running", _("In time")
    SOON = "soon", _("Due soon")
    LATE = "late", _("Late")
    PAUSED = "paused", _("Paused")


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.SCREENED, State.RETURNED, State.REFUSED, State.WITHDRAWN}),
    State.RETURNED: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SCREENED: frozenset({State.ASSESSED, State.RETURNED, State.REFUSED, State.WITHDRAWN}),
    State.ASSESSED: frozenset({State.AWARDED, State.REFUSED, State.WITHDRAWN}),
    State.AWARDED: frozenset(),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
}

EDITABLE = (State.DRAFT, State.RETURNED)
WITH_THE_FACTORY = (State.SUBMITTED, State.SCREENED, State.ASSESSED)
HOLDERS = {State.SUBMITTED: Role.OFFICER, State.SCREENED: Role.ASSESSOR, State.ASSESSED: Role.OFFICER}
FINAL = tuple(state for state, moves in MOVES.items() if not moves)


def check_move(before: State, after: State) -> None:
    """Raises Refused where the table allows no such move."""
    if after not in MOVES[before]:
        raise Refused(
            _("An application that is %(before)s cannot become %(after)s.")
            % {"before": before.label.lower(), "after": after.label.lower()},
            todo=str(_("Reload the page: somebody may have decided meanwhile.")),
        )
