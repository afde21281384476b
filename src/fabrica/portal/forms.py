"""The forms of the desk and of the project page. Which button was pressed is the field `decision`."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.allocations.services import KEY_MAX
from fabrica.applications.models import TEXT_LIMIT
from fabrica.calls.engine import Mode
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.portal.queries.case import Case
from fabrica.portal.queries.topping import Room
from fabrica.projects.engine import MOST_LETTERS
from fabrica.projects.models import Report
from fabrica.projects.states import Role
from fabrica.reviews.models import COMMENT_LIMIT
from fabrica.reviews.states import Verdict
from fabrica.web import words

MAX_HOURS = 10**8
INVITABLE = [(one.value, one.label) for one in Role if one != Role.PI]
HALF = Decimal("0.5")
_WHOLE_OR_HALF = _("Add whole or half GPU-hours, such as 100 or 12.5.")


def _decision(*choices: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[(one, one) for one in choices],
        widget=forms.HiddenInput,
        error_messages={"required": _("Press one of the buttons below the form.")},
    )


def _hours(mode: Mode) -> str:
    return _("%(title)s gives at most %(most)s GPU-hours. Source: %(source)s.") % {
        "title": mode.title, "most": f"{mode.gpu_hours_max:,}", "source": mode.source,
    }  # fmt: skip


def _text(label: Any, help_text: Any, limit: int, *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea({"rows": 4})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, widget=widget, required=required)


def _meant(hours: Decimal, shown: list[int]) -> int:
    """GPU-seconds of what was written; hours that stand as they were shown mean the seconds they were rounded from."""
    return next((one for one in shown if gpu_hours(one) == hours), gpu_seconds(hours))


class ScreenForm(forms.Form):
    """Eligible, back to the applicant, or no."""

    decision = _decision("screen", "return", "refuse")
    reason = _text(
        _("Note or reason"),
        _("Needed to send it back or to refuse it, and where the gate refers to a person. The applicant reads it."),
        TEXT_LIMIT,
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:  # noqa: ARG002 - the three forms are made alike
        super().__init__(*args, **kwargs)


class AssessForm(forms.Form):
    """The technical assessment."""

    decision = _decision("assess")
    verdict = forms.ChoiceField(label=_("Verdict"), choices=Verdict.choices, widget=forms.RadioSelect)
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours you recommend"), min_value=Decimal(0), max_value=MAX_HOURS, decimal_places=2
    )
    comment = _text(
        _("Comment"), _("Does the plan fit the machine, and why. The applicant reads it once it is decided."),
        COMMENT_LIMIT, required=True,
    )  # fmt: skip
    no_conflict = forms.BooleanField(
        label=_("I have no conflict of interest in this application"),
        error_messages={"required": _("If you have one, leave it to another assessor and tell the officer.")},
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        asked = case.application.gpu_seconds_requested
        proposed = case.proposal[1].gpu_seconds if case.proposal else asked
        self._shown = [one for one in (asked, proposed) if one is not None]
        least = min(self._shown)
        kwargs.setdefault("initial", {"gpu_hours": gpu_hours(least)})
        super().__init__(*args, **kwargs)
        unfit = _("0 for a plan that is unfit.")
        self.fields["gpu_hours"].help_text = f"{_hours(case.application.call.mode)} {unfit}"

    def gpu_seconds(self) -> int:
        """What is recommended."""
        return _meant(self.cleaned_data["gpu_hours"], self._shown)


class DecideForm(forms.Form):
    """Award or refuse, with what the assessor found already filled in."""

    decision = _decision("award", "refuse")
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours"), min_value=Decimal("0.01"), max_value=MAX_HOURS, decimal_places=2
    )
    months = forms.TypedChoiceField(label=_("Months"), coerce=int)
    note = _text(
        _("Note to the applicant"),
        _("Taken from the assessment. Needed to refuse, and where the award differs from what was asked."),
        TEXT_LIMIT,
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        application, found = case.application, case.assessment
        asked = application.gpu_seconds_requested
        seconds = found.gpu_seconds_recommended if found else asked
        self._shown = [one for one in (asked, seconds) if one]
        kwargs.setdefault("initial", {
            "gpu_hours": gpu_hours(seconds) if seconds else None,
            "months": application.months,
            "note": found.comment if found else "",
        })  # fmt: skip
        super().__init__(*args, **kwargs)
        mode = application.call.mode
        months = cast("forms.TypedChoiceField", self.fields["months"])
        months.choices = [(str(one), str(one)) for one in mode.months]
        self.fields["gpu_hours"].help_text = _hours(mode)
        if self.data.get("decision") == "refuse":  # a refusal needs only its reason
            self.fields["gpu_hours"].required = months.required = False

    def gpu_seconds(self) -> int:
        """What is awarded."""
        return _meant(self.cleaned_data["gpu_hours"], self._shown)


class InviteForm(forms.Form):
    """Somebody to invite to the project, and as what."""

    email = forms.EmailField(
        label=_("Their e-mail address"), help_text=_("They get a link that works once. They need no account yet.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=INVITABLE, initial=Role.MEMBER)


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(choices=INVITABLE)


class ReportForm(forms.Form):
    """The questions of a report, each as a field of its own name; what is too long or missing is told on handing in."""

    draft_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31)

    def __init__(self, data: Any = None, *, report: Report) -> None:
        super().__init__(data, initial={"draft_version": report.draft_version, **report.answers})
        self.needed_to_submit = frozenset(one.key for one in report.questions if one.is_needed)
        language = (get_language() or "en")[:2]
        for one in report.questions:
            limit = _("At most %(most)s words.") if one.unit == "words" else _("At most %(most)s letters.")
            self.fields[one.key] = forms.CharField(
                label=one.said(language), help_text=limit % {"most": one.most}, required=False, strip=False,
                max_length=MOST_LETTERS, widget=forms.Textarea({"rows": 6}),
            )  # fmt: skip
            if one.unit == "words":  # the page counts letters; told beside a limit in words they would mislead
                self.fields[one.key].widget.attrs.pop("maxlength")
            else:
                self.fields[one.key].widget.attrs["maxlength"] = str(one.most)

    def answers(self) -> dict[str, str]:
        """What was written, as far as it can be read."""
        return {name: value for name, value in self.cleaned_data.items() if name != "draft_version"}


class JudgeForm(forms.Form):
    """What an officer does with a report."""

    decision = _decision("accept", "return", "lift")
    reason = _text(_("Reason"), _("Needed to send it back, or to lift the bar. The project reads it."), TEXT_LIMIT)


class PeriodForm(forms.Form):
    """A period of whole days."""

    since = forms.DateField(label=_("Submitted from"), widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(
        label=_("Submitted before"),
        widget=forms.DateInput({"type": "date"}),
        help_text=_("This day itself is left out."),
    )


class DayForm(forms.Form):
    """A day of the site."""

    on = forms.DateField(label=_("On"), widget=forms.DateInput({"type": "date"}))


class TopUpForm(forms.Form):
    """Hours to add to an award, whole or half, and why. `key` lets one form add once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=KEY_MAX)
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours to add"),
        min_value=HALF,
        max_value=MAX_HOURS,
        decimal_places=1,
        step_size=HALF,
        error_messages=dict.fromkeys(("min_value", "max_decimal_places", "step_size"), _WHOLE_OR_HALF),
    )
    reason = _text(
        _("Reason"), _("The project's leader reads it; it stays beside the hours."), TEXT_LIMIT, required=True
    )

    reason.error_messages["required"] = _("Say why these hours are added.")

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mode = room.award.application.call.mode
        left = words.gpu_hours(min(room.pool, room.mode_left))
        most = _("Whole or half hours, at most %(left)s now.") % {"left": left}
        self.fields["gpu_hours"].help_text = f"{most} {_hours(mode)}"

    def gpu_seconds(self) -> int:
        """What is added."""
        return gpu_seconds(self.cleaned_data["gpu_hours"])
