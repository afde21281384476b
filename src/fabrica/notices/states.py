"""How often a person is written to."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Rhythm(TextChoices):
    """When notices are mailed; the portal shows each at once."""

    AT_ONCE = "at_once", _("At once, a letter each")
    DAILY = "daily", _("Once a day, in the morning, all in one letter")
    WEEKLY = "weekly", _("Once a week, on Monday morning, all in one letter")
