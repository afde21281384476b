"""The forms that change an award that goes on. `key` lets one form change it once."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from fabrica.allocations.services import KEY_MAX, Later
from fabrica.applications.models import MOST, TEXT_LIMIT
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.portal.queries.changing import Standing

MAX_HOURS = 10**8
WHOLE = 100
ON_REPORT, ON_DAY, BY_OFFICER = "report", "day", "officer"


def reason_field(missing: Any) -> forms.CharField:
    """Why something is done, as the project's leaders read it."""
    return forms.CharField(
        label=_("Reason"), help_text=_("The project's leader reads it; it stays on the project's page."),
        max_length=TEXT_LIMIT, widget=forms.Textarea({"rows": 4}), error_messages={"required": missing},
    )  # fmt: skip


def reserve_field() -> forms.BooleanField:
    """Whether the director's reserve pays; a form leaves it out for who may not choose it."""
    return forms.BooleanField(
        label=_("From the director's reserve"),
        help_text=_("In place of the pool of its mode. Say why in the text that the applicant reads."),
        required=False,
    )


class ReserveForm(forms.Form):
    """A form on which an officer with that right may choose the director's reserve."""

    def is_from_reserve(self) -> bool:
        """Whether it was chosen, by somebody who may."""
        return bool(self.cleaned_data.get("from_reserve"))


class PhasedForm(ReserveForm):
    """What of an award is usable at once, and when the rest is: a form that tells `gpu_seconds()` inherits it."""

    first_percent = forms.IntegerField(
        label=_("Usable at once, in percent"), help_text=_("100, or empty: all of it."), min_value=1, max_value=WHOLE,
        required=False,
    )  # fmt: skip
    rest = forms.ChoiceField(
        label=_("The rest becomes usable"),
        choices=[
            ("", "–"),
            (ON_REPORT, _("once the progress report is accepted")),
            (ON_DAY, _("on a day")),
            (BY_OFFICER, _("when an officer releases it")),
        ],
        required=False,
    )
    rest_on = forms.DateField(label=_("On that day"), widget=forms.DateInput({"type": "date"}), required=False)

    def phased(self) -> list[forms.BoundField]:
        """The fields on phases, which stand apart."""
        return [self[name] for name in ("first_percent", "rest", "rest_on")]

    def plain(self) -> list[forms.BoundField]:
        """All others that are seen."""
        return [one for one in self.visible_fields() if one not in self.phased()]

    def leave_out_report(self) -> None:
        """No phase waits for a report where none will be owed."""
        rest = cast("forms.ChoiceField", self.fields["rest"])
        rest.choices = [one for one in cast("list[tuple[str, Any]]", rest.choices) if one[0] != ON_REPORT]

    def is_phased(self) -> bool:
        """Whether part of the award comes later, or somebody was about to say so."""
        return any(one.value() not in ("", None, WHOLE, str(WHOLE)) for one in self.phased())

    def clean(self) -> dict[str, Any]:
        """The three fields belong together."""
        given = super().clean() or self.cleaned_data
        is_part = given.get("first_percent") not in (None, WHOLE)
        if is_part and not given.get("rest"):
            self.add_error("rest", _("Say when the rest becomes usable."))
        if given.get("rest") and not is_part and "first_percent" not in self.errors:
            self.add_error("first_percent", _("Say how much is usable at once."))
        if given.get("rest") == ON_DAY and not given.get("rest_on") and "rest_on" not in self.errors:
            self.add_error("rest_on", _("Choose the day."))
        return given

    def later(self, whole: int) -> tuple[Later, ...]:
        """The later phase of so many GPU-seconds in all, if there is one."""
        given = self.cleaned_data
        if not given["rest"]:
            return ()
        at = make_aware(datetime.combine(given["rest_on"], time.min)) if given["rest"] == ON_DAY else None
        rest = whole - whole * given["first_percent"] // WHOLE
        return (Later(rest, at, on_report=given["rest"] == ON_REPORT),)


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


class MoveForm(forms.Form):
    """Hours for another project, and why."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=KEY_MAX)
    to = forms.SlugField(
        label=_("To the project"), help_text=_("Its short name, as in the address of its page."), max_length=100
    )
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours to move"), min_value=Decimal("0.01"), max_value=MAX_HOURS, decimal_places=2
    )
    reason = reason_field(_("Say why these hours are moved."))

    def gpu_seconds(self) -> int:
        """What is moved."""
        return gpu_seconds(self.cleaned_data["gpu_hours"])


class PhaseForm(forms.Form):
    """Why a phase is released now, or withheld."""

    reason = reason_field(_("Say why."))


class RevokeForm(forms.Form):
    """Why an award is taken back."""

    reason = reason_field(_("Say why the award is taken back."))
