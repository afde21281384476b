"""The closed lists of this context. Answers are three-valued: unsure is never no."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Answer(TextChoices):
    """What one can answer."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNSURE = "unsure", _("Unsure")


class Decision(TextChoices):
    """What the gate decides, worst first."""

    REJECT = "REJECT", _("Not allowed")
    REFER_ETHICS = "REFER_ETHICS", _("To be looked at by a person")
    ACCEPT_CONDITIONS = "ACCEPT_CONDITIONS", _("Accepted with conditions")
    ACCEPT = "ACCEPT", _("Accepted")


SEVERITY = list(Decision)


class ComputeMethod(TextChoices):
    """How training compute was estimated."""

    METERED = "metered", _("The machine's accounting")
    ARCHITECTURE = "architecture", _("Parameters and tokens")
    GRANTED = "granted", _("Hours granted")


class ComputeThreshold(TextChoices):
    """From how much training compute on the AI Act asks for something."""

    GENERAL_PURPOSE = "general_purpose", _("General-purpose model")
    MODIFIER = "modifier", _("Change of somebody else's model")
    SYSTEMIC = "systemic", _("Systemic risk")


class PurposeState(TextChoices):
    """Where a change of a project's declared purpose stands."""

    PROPOSED = "proposed", _("The gate is to be answered")
    REFERRED = "referred", _("A person decides")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


UNSETTLED = (PurposeState.PROPOSED, PurposeState.REFERRED)
