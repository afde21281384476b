"""Fields that several forms have."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def button(*choices: str) -> forms.ChoiceField:
    """Which button was pressed."""
    return forms.ChoiceField(
        choices=[(one, one) for one in choices],
        widget=forms.HiddenInput,
        error_messages={"required": _("Press one of the buttons below the form.")},
    )


def text(label: Any, help_text: Any, limit: int, *, required: bool = False) -> forms.CharField:
    """A field of several lines."""
    widget = forms.Textarea({"rows": 4})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, widget=widget, required=required)
