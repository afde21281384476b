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
