"""The forms of the desk and of the project page. Which button was pressed is the field `decision`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.allocations.queries import owes_progress
from fabrica.allocations.services import KEY_MAX
from fabrica.applications.models import TEXT_LIMIT
from fabrica.calls.engine import Mode
from fabrica.calls.models import Call
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.portal.forms.awards import PhasedForm, ReserveForm, reserve_field
from fabrica.portal.forms.parts import button, text
from fabrica.portal.queries.case import Case
from fabrica.portal.queries.panel import other_calls
from fabrica.portal.queries.topping import Room
from fabrica.projects.engine import MOST_LETTERS
from fabrica.projects.models import Report
from fabrica.projects.states import Role
from fabrica.reviews.models import COMMENT_LIMIT
from fabrica.reviews.queries import Candidate
from fabrica.reviews.states import Kind, Verdict
from fabrica.trust.queries.board import standing_of
from fabrica.trust.states import Finding
from fabrica.web import words

MAX_HOURS = 10**8
INVITABLE = [(one.value, one.label) for one in Role if one != Role.PI]
HALF = Decimal("0.5")
_WHOLE_OR_HALF = _("Add whole or half GPU-hours, such as 100 or 12.5.")


def _hours(mode: Mode) -> str:
    return _("%(title)s gives at most %(most)s GPU-hours. Source: %(source)s.") % {
        "title": mode.title, "most": f"{mode.gpu_hours_max:,}", "source": mode.source,
    }  # fmt: skip


def _meant(hours: Decimal, shown: list[int]) -> int:
    """GPU-seconds of what was written; hours that stand as they were shown mean the seconds they were rounded from."""
    return next((one for one in shown if gpu_hours(one) == hours), gpu_seconds(hours))


class ScreenForm(forms.Form):
    """Eligible, back to the applicant, or no."""

    decision = button("screen", "return", "refuse")
    reason = text(
        _("Note or reason"),
        _("Needed to send it back or to refuse it. The applicant reads it."),
        TEXT_LIMIT,
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        standing = standing_of(case.application.subject)
        if standing is not None and standing.finding == Finding.NOT_APPROVED:
            kwargs.setdefault("initial", {"reason": standing.referral.reason})
        super().__init__(*args, **kwargs)


class AssessForm(forms.Form):
    """The technical assessment."""

    decision = button("assess")
    verdict = forms.ChoiceField(label=_("Verdict"), choices=Verdict.choices, widget=forms.RadioSelect)
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours you recommend"), min_value=Decimal(0), max_value=MAX_HOURS, decimal_places=2
    )
    comment = text(
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


class DecideForm(PhasedForm):
    """Award or refuse, with what the assessor found already filled in."""

    decision = button("award", "refuse")
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours"), min_value=Decimal("0.01"), max_value=MAX_HOURS, decimal_places=2
    )
    months = forms.TypedChoiceField(label=_("Months"), coerce=int)
    note = text(
        _("Note to the applicant"),
        _("Taken from the assessment. Needed to refuse, and where the award differs from what was asked."),
        TEXT_LIMIT,
    )

    limit_euros = forms.DecimalField(
        label=_("Limit in euros, without VAT"), min_value=Decimal("0.01"), max_value=10**10, decimal_places=2,
        required=False, help_text=_("What the customer has ordered. Empty: the price of the hours awarded."),
    )  # fmt: skip
    from_reserve = reserve_field()

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
        if not case.may_use_reserve:
            del self.fields["from_reserve"]
        if application.call.terms.value("price") != "market":
            del self.fields["limit_euros"]
        if not owes_progress(application.call, max(mode.months), localdate()):
            self.leave_out_report()
        if self.data.get("decision") == "refuse":  # a refusal needs only its reason
            self.fields["gpu_hours"].required = months.required = False

    def limit_cents(self) -> int | None:
        """The most it may cost, where it is priced and somebody said so."""
        euros = self.cleaned_data.get("limit_euros")
        return None if euros is None else int(euros * 100)

    def gpu_seconds(self) -> int:
        """What is awarded."""
        return _meant(self.cleaned_data["gpu_hours"], self._shown)


class ConcludeForm(DecideForm):
    """Award or refuse what the panel has ranked: what kind of award, with which conditions, on which system."""

    kind = forms.ChoiceField(label=_("Award"), widget=forms.RadioSelect)
    conditions = text(_("Conditions"), _("For an award with conditions. The applicant reads them."), TEXT_LIMIT)
    system = forms.ChoiceField(label=_("Other system"), required=False, help_text=_("An open call of the same mode."))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self._calls = {one.slug: one for one in other_calls(case.application)}
        kinds = [one for one in Kind if one not in self._left_out()]
        kind, system = (cast("forms.ChoiceField", self.fields[name]) for name in ("kind", "system"))
        kind.choices = [(one.value, one.label) for one in kinds]
        kind.initial = Kind.FULL.value if self._is_full(case) else Kind.PARTIAL.value
        system.choices = [("", "–"), *((slug, str(one.machine)) for slug, one in self._calls.items())]
        if not self._calls:
            del self.fields["system"]
        if self.data.get("decision") == "refuse":
            kind.required = False
        self.order_fields(["kind", "gpu_hours", "months", "limit_euros", "conditions", "system", "note"])

    def _left_out(self) -> tuple[Kind, ...]:
        return (Kind.REFUSED,) if self._calls else (Kind.REFUSED, Kind.OTHER_SYSTEM)

    def _is_full(self, case: Case) -> bool:
        found = case.assessment
        return found is None or found.gpu_seconds_recommended == case.application.gpu_seconds_requested

    def other_call(self) -> Call | None:
        """The open call on the other system that was chosen."""
        return self._calls.get(self.cleaned_data.get("system", ""))


class RefuseForm(forms.Form):
    """No, after the technical assessment; a mode with experts goes on to them otherwise."""

    decision = button("refuse")
    note = text(_("Reasons"), _("The applicant reads them."), TEXT_LIMIT, required=True)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:  # noqa: ARG002 - the forms are made alike
        super().__init__(*args, **kwargs)


class AppealForm(forms.Form):
    """Take it up again, or leave it refused."""

    decision = button("grant", "refuse")
    reason = text(_("Reasons"), _("The applicant reads them."), TEXT_LIMIT, required=True)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:  # noqa: ARG002 - the forms are made alike
        super().__init__(*args, **kwargs)


class RankForm(forms.Form):
    """A place for each application, and a reason where the points would give another."""

    def __init__(self, *args: Any, ready: Sequence[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ready = sorted(ready, key=lambda one: one.position)
        for at, one in enumerate(self._ready, start=1):
            told = {"code": one.code}
            self.fields[f"place_{one.application.pk}"] = forms.IntegerField(
                label=_("Place of %(code)s") % told, min_value=1, max_value=len(self._ready), initial=at
            )
            self.fields[f"reason_{one.application.pk}"] = forms.CharField(
                label=_("Reason for another place of %(code)s") % told, max_length=TEXT_LIMIT, required=False
            )

    def clean(self) -> dict[str, Any]:
        """Each place is taken once."""
        cleaned = super().clean() or {}
        places = [cleaned[name] for name in cleaned if name.startswith("place_")]
        if len(set(places)) != len(places):
            raise forms.ValidationError(_("Each place is given once."))
        return cleaned

    def order(self) -> list[str]:
        """The codes, best first."""
        return [
            one.code for one in sorted(self._ready, key=lambda one: self.cleaned_data[f"place_{one.application.pk}"])
        ]

    def reasons(self) -> dict[str, str]:
        """The reasons by code."""
        return {one.code: self.cleaned_data[f"reason_{one.application.pk}"] for one in self._ready}

    def fields_of(self, one: Candidate) -> tuple[forms.BoundField, forms.BoundField]:
        """Place and reason of an application."""
        return self[f"place_{one.application.pk}"], self[f"reason_{one.application.pk}"]


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

    decision = button("accept", "return", "lift")
    reason = text(_("Reason"), _("Needed to send it back, or to lift the bar. The project reads it."), TEXT_LIMIT)


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


class TopUpForm(ReserveForm):
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
    reason = text(
        _("Reason"), _("The project's leader reads it; it stays beside the hours."), TEXT_LIMIT, required=True
    )

    reason.error_messages["required"] = _("Say why these hours are added.")
    from_reserve = reserve_field()

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if room.reserve is None:
            del self.fields["from_reserve"]
        else:
            told = _("It has %(left)s left.") % {"left": words.gpu_hours(room.reserve)}
            self.fields["from_reserve"].help_text = told
        mode = room.award.application.call.mode
        left = words.gpu_hours(min(room.pool, room.mode_left))
        most = _("Whole or half hours, at most %(left)s now.") % {"left": left}
        self.fields["gpu_hours"].help_text = f"{most} {_hours(mode)}"

    def gpu_seconds(self) -> int:
        """What is added."""
        return gpu_seconds(self.cleaned_data["gpu_hours"])
