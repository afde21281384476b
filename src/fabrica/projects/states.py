"""The closed lists of this context."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a member may do in the project."""

    PI = "pi", _("Principal investigator")
    MEMBER = "member", _("Member")
