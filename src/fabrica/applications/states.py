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
    OFFERED = "offered", _("Offered, waits for the applicant's answer")
    AWARDED = "awarded", _("Awarded")
    DECLINED = "declined", _("Declined by the applicant")
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
    State.ASSESSED: frozenset({State.EVALUATED, State.OFFERED, State.AWARDED, State.REFUSED, State.WITHDRAWN}),
    State.EVALUATED: frozenset({State.RANKED, State.WITHDRAWN}),
    State.RANKED: frozenset({State.OFFERED, State.AWARDED, State.REFUSED, State.WITHDRAWN}),
    State.OFFERED: frozenset({State.OFFERED, State.AWARDED, State.DECLINED, State.REFUSED}),  # itself: more time
    State.AWARDED: frozenset(),
    State.DECLINED: frozenset(),
    State.REFUSED: frozenset({State.APPEALED}),
    State.APPEALED: frozenset({
        State.SUBMITTED, State.SCREENED, State.ASSESSED, State.RANKED, State.REFUSED, State.WITHDRAWN,
    }),
    State.WITHDRAWN: frozenset(),
}  # fmt: skip
# Moves of the table that only a mode with experts, or only one without, has among its steps.
WITH_EXPERTS = frozenset({(State.ASSESSED, State.EVALUATED)})
WITHOUT_EXPERTS = frozenset({(State.ASSESSED, State.AWARDED), (State.ASSESSED, State.OFFERED)})
# The same for a mode in which the applicant answers an award.
WITH_ANSWER = frozenset({(State.ASSESSED, State.OFFERED), (State.RANKED, State.OFFERED)})
WITHOUT_ANSWER = frozenset({(State.ASSESSED, State.AWARDED), (State.RANKED, State.AWARDED)})

EDITABLE = (State.DRAFT, State.RETURNED)
WITH_THE_FACTORY = (
    State.SUBMITTED, State.SCREENED, State.ASSESSED, State.EVALUATED, State.RANKED, State.APPEALED,
)  # fmt: skip
WITH_A_CLOCK = (*WITH_THE_FACTORY, State.OFFERED)  # in the last one it runs for the applicant
HOLDERS = {
    State.SUBMITTED: Role.OFFICER, State.SCREENED: Role.ASSESSOR, State.ASSESSED: Role.OFFICER,
    State.EVALUATED: Role.PANEL, State.RANKED: Role.OFFICER, State.APPEALED: Role.OFFICER,
}  # fmt: skip
FINAL = (State.AWARDED, State.DECLINED, State.REFUSED, State.WITHDRAWN)  # a refusal, unless it is appealed against


def may_move(before: State, after: State, *, experts: bool = False, answer: bool = False) -> bool:
    """Whether the table allows the move, in a mode with or without a review by experts and an applicant's answer."""
    barred = (WITHOUT_EXPERTS if experts else WITH_EXPERTS) | (WITHOUT_ANSWER if answer else WITH_ANSWER)
    return after in MOVES[before] and (before, after) not in barred


def check_move(before: State, after: State, *, experts: bool = False, answer: bool = False) -> None:
    """Raises Refused where the table allows no such move in such a mode."""
    if not may_move(before, after, experts=experts, answer=answer):
        raise Refused(
            _("An application that is %(before)s cannot become %(after)s.")
            % {"before": before.label.lower(), "after": after.label.lower()},
            todo=str(_("Reload the page: somebody may have decided meanwhile.")),
        )
