"""The closed lists of this context."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from fabrica.applications.states import State


class Verdict(TextChoices):
    """What the assessor finds."""

    FIT = "fit", _("Fit")
    FIT_WITH_CHANGES = "fit_with_changes", _("Fit with changes")
    UNFIT = "unfit", _("Unfit")


# When the applicant may read the assessment. A withdrawn application was never decided.
DECIDED = (State.AWARDED, State.REFUSED)
