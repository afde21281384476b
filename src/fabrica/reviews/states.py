"""The closed lists of this context."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from fabrica.applications.states import State


class Verdict(TextChoices):
    """What the assessor finds."""

    FIT = "fit", _("Fit")
    FIT_WITH_CHANGES = "fit_with_changes", _("Fit with changes")
    UNFIT = "unfit", _("Unfit")


class Stage(TextChoices):
    """Where the review of one expert stands."""

    ASKED = "asked", _("Asked")
    WRITING = "writing", _("Being written")
    SUBMITTED = "submitted", _("Handed in")
    DECLINED = "declined", _("Declined")
    CONFLICTED = "conflicted", _("Conflict of interest")
    TAKEN_BACK = "taken_back", _("Taken back")


class Kind(TextChoices):
    """What a decision was."""

    FULL = "full", _("Award in full")
    PARTIAL = "partial", _("Partial award")
    CONDITIONAL = "conditional", _("Award with conditions")
    OTHER_SYSTEM = "other_system", _("Award on another system")
    REFUSED = "refused", _("Refusal")


# When the applicant may read the assessment; also one that is looked at again. A withdrawn one was never decided.
DECIDED = (State.OFFERED, State.AWARDED, State.DECLINED, State.REFUSED, State.APPEALED)
# When the applicant may read the reviews, and answer them while none is decided.
REVIEWED = (State.EVALUATED, State.RANKED)
OPEN = (Stage.ASKED, Stage.WRITING)
COUNTS = (Stage.ASKED, Stage.WRITING, Stage.SUBMITTED)
LANGUAGES = {"en": _("English"), "fr": _("French"), "de": _("German"), "es": _("Spanish"), "it": _("Italian")}
