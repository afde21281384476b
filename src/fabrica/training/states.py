"""The states of a run and of its attempts, and the moves between them."""

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused


class Kind(TextChoices):
    """What a run does."""

    TRAIN = "train", _("Training by a recipe")
    COMMAND = "command", _("Own command")
    EVALUATE = "evaluate", _("Evaluation of a model")


class State(TextChoices):
    """Where a run stands."""

    QUEUED = "queued", _("Queued")
    SUBMITTED = "submitted", _("Waiting on the machine")
    RUNNING = "running", _("Running")
    FINISHING = "finishing", _("Measuring and packing")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class AttemptState(TextChoices):
    """Where an attempt stands: its token is written before the machine hears of it."""

    PREPARED = "prepared", _("Prepared")
    SUBMITTED = "submitted", _("Waiting")
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")


_ENDS = frozenset({State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED})

# An interrupted attempt leads back to the queue. A short job may end before anybody saw it run. A machine may put a
# running job back into its own queue: then the run waits there again, in the same attempt.
MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTED, State.FAILED, State.CANCELLED}),
    State.SUBMITTED: frozenset({State.RUNNING, State.FINISHING}) | _ENDS,
    State.RUNNING: frozenset({State.SUBMITTED, State.FINISHING}) | _ENDS,
    State.FINISHING: frozenset({State.SUBMITTED, State.RUNNING}) | _ENDS,
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}

FINAL = tuple(state for state, moves in MOVES.items() if not moves)
OPEN = tuple(state for state, moves in MOVES.items() if moves)
ON_THE_MACHINE = (State.SUBMITTED, State.RUNNING, State.FINISHING)


def check_move(before: State, after: State) -> None:
    """Raises Refused where the table allows no such move."""
    if after not in MOVES[before]:
        raise Refused(
            gettext("A run that is %(state)s cannot become %(wanted)s.")
            % {"state": before.label.lower(), "wanted": after.label.lower()},
            todo=gettext("Reload the page: it may have ended meanwhile."),
        )
