"""The forms around an award that is offered: the applicant's two answers, and what an officer may do meanwhile."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import TEXT_LIMIT
from fabrica.calls.engine.figures import MOST_ANSWER
from fabrica.portal.forms.parts import button, text


def _seen() -> forms.IntegerField:
    """Which offer was read: another one is not answered by this form."""
    return forms.IntegerField(
        min_value=1, widget=forms.HiddenInput, error_messages={"required": _("Reload this page.")}
    )


class AcceptForm(forms.Form):
    """Yes."""

    number = _seen()


class DeclineForm(forms.Form):
    """No, with a reason, once and for all."""

    number = _seen()
    reason = text(_("Why do you decline?"), _("The officers read it."), TEXT_LIMIT, required=True)
    confirmed = forms.BooleanField(label=_("I know that this cannot be taken back, and that the hours go to others"))


class OfferForm(forms.Form):
    """More time for an answer, or the offer taken back."""

    decision = button("extend", "withdraw")
    working_days = forms.IntegerField(
        label=_("More time, in working days from now"), min_value=1, max_value=MOST_ANSWER, required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Only to give more time."),
    )  # fmt: skip
    reason = text(_("Reason"), _("The applicant reads it."), TEXT_LIMIT, required=True)

    def __init__(self, *args: Any, case: Any, **kwargs: Any) -> None:  # noqa: ARG002 - the forms are made alike
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """More time needs to be said."""
        data = super().clean() or self.cleaned_data
        is_missing = data.get("working_days") is None and "working_days" not in self.errors
        if data.get("decision") == "extend" and is_missing:
            self.add_error("working_days", _("Say how many working days."))
        return data
