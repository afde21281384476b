"""The closed lists of this context, and the moves of a version."""

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused


class State(TextChoices):
    """Where a version of a model stands."""

    REGISTERED = "registered", _("Draft")
    DOCUMENTED = "documented", _("Documented")
    EVALUATED = "evaluated", _("Evaluated")
    REVIEWED = "reviewed", _("Reviewed")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class IntakeState(TextChoices):
    """What became of a run's output on its way into the registry."""

    WAITING = "waiting", _("Waiting")
    REGISTERED = "registered", _("Registered")
    EMPTY = "empty", _("Nothing to register")
    FAILED = "failed", _("Failed")


class MeasurementState(TextChoices):
    """What became of a further evaluation of a version."""

    RUNNING = "running", _("Under way")
    TAKEN_IN = "taken_in", _("Results taken in")
    ENDED = "ended", _("Ended without results")


class KeyState(TextChoices):
    """What a signature of a key is worth."""

    ACTIVE = "active", _("Signs now")
    RETIRED = "retired", _("Retired; what it signed stays good")
    REVOKED = "revoked", _("Revoked; trust nothing it signed")


class ReportKind(TextChoices):
    """What somebody outside tells about a published model; `data/report-clocks.json` says by when it is decided."""

    RIGHTS = "rights", _("It uses works or data that are mine")
    PERSONAL = "personal", _("It gives away personal data")
    INCIDENT = "incident", _("It did something it should not, without harm so far")
    SERIOUS = "serious", _("Serious incident: harm to health, fundamental rights, property or the environment")
    WIDESPREAD = "widespread", _("Widespread infringement, or critical infrastructure disrupted")
    DEATH = "death", _("A person died")
    OTHER = "other", _("Something else")


class ReportState(TextChoices):
    """Where a report about a model stands."""

    RECEIVED = "received", _("Received")
    ACKNOWLEDGED = "acknowledged", _("Being looked at")
    DECIDED = "decided", _("Decided")
    CLOSED = "closed", _("Closed")


class Decision(TextChoices):
    """What an officer decided about a model that was reported."""

    KEPT = "kept", _("It stays as it is")
    RESTRICTED = "restricted", _("Its files are no longer given out")
    WITHDRAWN = "withdrawn", _("It is withdrawn")


OPEN_REPORTS = (ReportState.RECEIVED, ReportState.ACKNOWLEDGED)
MOVES: dict[State, frozenset[State]] = {
    State.REGISTERED: frozenset({State.DOCUMENTED, State.WITHDRAWN}),
    State.DOCUMENTED: frozenset({State.EVALUATED, State.REGISTERED, State.WITHDRAWN}),
    State.EVALUATED: frozenset({State.REVIEWED, State.REGISTERED, State.WITHDRAWN}),
    State.REVIEWED: frozenset({State.PUBLISHED, State.REGISTERED, State.WITHDRAWN}),
    State.PUBLISHED: frozenset({State.WITHDRAWN}),
    State.WITHDRAWN: frozenset(),
}


def check_move(before: State, after: State) -> None:
    """Raises Refused where the table allows no such move."""
    if after not in MOVES[before]:
        raise Refused(
            gettext("A model that is %(before)s cannot become %(after)s.")
            % {"before": str(before.label).lower(), "after": str(after.label).lower()},
            todo=gettext("Reload the page."),
        )
