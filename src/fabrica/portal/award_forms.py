"""The forms that change an award that goes on. `key` lets one form change it once."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.allocations.services import KEY_MAX
from fabrica.applications.models import MOST, TEXT_LIMIT
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.portal.queries.changing import Standing

MAX_HOURS = 10**8


def reason_field(missing: Any) -> forms.CharField:
    """Why something is done, as the project's leaders read it."""
    return forms.CharField(
        label=_("Reason"), help_text=_("The project's leader reads it; it stays on the project's page."),
        max_length=TEXT_LIMIT, widget=forms.Textarea({"rows": 4}), error_messages={"required": missing},
    )  # fmt: skip


class ExtendForm(forms.Form):
    """More months, and hours, for an award: what its mode leaves is filled in."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=KEY_MAX)
    months = forms.IntegerField(label=_("More months"), min_value=0, max_value=MOST["months"])
    gpu_hours = forms.DecimalField(
        label=_("More GPU-hours"), min_value=Decimal(0), max_value=MAX_HOURS, decimal_places=2
    )
    reason = reason_field(_("Say what was approved, such as the interim report."))

    def __init__(self, *args: Any, standing: Standing, **kwargs: Any) -> None:
        rule = standing.rule
        self._most = rule.gpu_seconds_left if rule else 0
        kwargs["initial"] = {
            **kwargs.get("initial", {}),
            "months": rule.months_left if rule else 0,
            "gpu_hours": gpu_hours(self._most),
        }
        super().__init__(*args, **kwargs)

    def gpu_seconds(self) -> int:
        """What is added; what stands as it was filled in means the seconds it was rounded from."""
        given = self.cleaned_data["gpu_hours"]
        return self._most if given == gpu_hours(self._most) else gpu_seconds(given)


class RevokeForm(forms.Form):
    """Why an award is taken back."""

    reason = reason_field(_("Say why the award is taken back."))
