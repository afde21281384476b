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
    EVALUATED = "evaluated", _("Reviewed by experts")
    RANKED = "ranked", _("Ranked by the panel")
    AWARDED = "awarded", _("Awarded")
    REFUSED = "refused", _("Refused")
    APPEALED = "appealed", _("Under appeal")
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
    State.ASSESSED: frozenset({State.EVALUATED, State.AWARDED, State.REFUSED, State.WITHDRAWN}),
    State.EVALUATED: frozenset({State.RANKED, State.WITHDRAWN}),
    State.RANKED: frozenset({State.AWARDED, State.REFUSED, State.WITHDRAWN}),
    State.AWARDED: frozenset(),
    State.REFUSED: frozenset({State.APPEALED}),
    State.APPEALED: frozenset({
        State.SUBMITTED, State.SCREENED, State.ASSESSED, State.RANKED, State.REFUSED, State.WITHDRAWN,
    }),
    State.WITHDRAWN: frozenset(),
}  # fmt: skip
# Moves of the table that only a mode with experts, or only one without, has among its steps.
WITH_EXPERTS = frozenset({(State.ASSESSED, State.EVALUATED)})
WITHOUT_EXPERTS = frozenset({(State.ASSESSED, State.AWARDED)})

EDITABLE = (State.DRAFT, State.RETURNED)
WITH_THE_FACTORY = (
    State.SUBMITTED, State.SCREENED, State.ASSESSED, State.EVALUATED, State.RANKED, State.APPEALED,
)  # fmt: skip
HOLDERS = {
    State.SUBMITTED: Role.OFFICER, State.SCREENED: Role.ASSESSOR, State.ASSESSED: Role.OFFICER,
    State.EVALUATED: Role.PANEL, State.RANKED: Role.OFFICER, State.APPEALED: Role.OFFICER,
}  # fmt: skip
FINAL = (State.AWARDED, State.REFUSED, State.WITHDRAWN)  # a refusal, unless it is appealed against


def may_move(before: State, after: State, *, experts: bool = False) -> bool:
    """Whether the table allows the move, in a mode whose steps have a review by experts or one whose have none."""
    barred = WITHOUT_EXPERTS if experts else WITH_EXPERTS
    return after in MOVES[before] and (before, after) not in barred


def check_move(before: State, after: State, *, experts: bool = False) -> None:
    """Raises Refused where the table allows no such move in such a mode."""
    if not may_move(before, after, experts=experts):
        raise Refused(
            _("An application that is %(before)s cannot become %(after)s.")
            % {"before": before.label.lower(), "after": after.label.lower()},
            todo=str(_("Reload the page: somebody may have decided meanwhile.")),
        )
