"""The officer's adjustments of proposed awards, and what was confirmed of them."""

import re
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import TEXT_LIMIT
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.portal.forms.parts import text
from fabrica.portal.proposing import MOST_SYSTEMS
from fabrica.portal.queries.proposing import Known, Proposed
from fabrica.portal.services import Chosen
from fabrica.reviews.queries import Candidate

MOST_FIXED = 300  # fields of a page; those further down wait until these are decided
CHOSEN = re.compile(r"([A-Za-z0-9-]{1,20}) ([a-zA-Z0-9_-]{1,60}) ([1-9][0-9]{0,14})")
MOST_CHOSEN = 500


class ProposalForm(forms.Form):
    """Hours that are fixed, 0 for none this time; other systems that may be used; a note for who gets other hours."""

    systems = forms.MultipleChoiceField(
        label=_("Other systems that may be used"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Open calls of the same mode. Whether an applicant accepts another system is not known here: ask."),
    )  # fmt: skip
    note = text(
        _("Note to applicants"),
        _("Needed where hours differ from those recommended, or the system from the one applied for. It follows the "
          "assessor's comment; those who get what was recommended do not read it."),
        TEXT_LIMIT,
    )  # fmt: skip

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.slug, f"{one.machine} ({one})") for one in known.others]
        cast("forms.MultipleChoiceField", self.fields["systems"]).choices = choices
        if not choices:
            del self.fields["systems"]
        self._known = {f"fix_{one.application.pk}": one for one in known.ranked if known.may_fix(one)}
        self._known = dict([*self._known.items()][:MOST_FIXED])
        for name, one in self._known.items():
            self.fields[name] = forms.DecimalField(
                label=_("GPU-hours fixed for %(code)s") % {"code": one.code}, min_value=0,
                max_value=gpu_hours(one.application.gpu_seconds_requested or 0), decimal_places=2, required=False,
            )  # fmt: skip

    def clean_systems(self) -> list[str]:
        """Few enough for an answer within two seconds."""
        found: list[str] = self.cleaned_data["systems"]
        if len(found) >= MOST_SYSTEMS:
            told = _("Choose at most %(most)s other systems at once.")
            raise forms.ValidationError(told % {"most": MOST_SYSTEMS - 1})
        return found

    def plain(self) -> list[forms.BoundField]:
        """The fields that are not in the table."""
        return [self[name] for name in self.fields if name not in self._known]

    def fix_of(self, one: Candidate) -> forms.BoundField | None:
        """The field of an application, if it has one."""
        name = f"fix_{one.application.pk}"
        return self[name] if name in self._known else None

    def fixed(self) -> dict[str, int]:
        """GPU-seconds by code, where something was fixed; hours as they are shown mean the seconds behind them."""
        given = [(one, self.cleaned_data.get(name)) for name, one in self._known.items()]
        return {one.code: _meant(hours, one) for one, hours in given if hours is not None}


def _meant(hours: Decimal, one: Candidate) -> int:
    shown = (one.application.gpu_seconds_requested or 0, one.gpu_seconds)
    return next((seconds for seconds in shown if gpu_hours(seconds) == hours), gpu_seconds(hours))


class ConfirmForm(forms.Form):
    """What is confirmed, line by line as it was read: the application, the call that pays, GPU-seconds."""

    chosen = forms.CharField(widget=forms.HiddenInput, max_length=MOST_CHOSEN * 100)
    note = forms.CharField(widget=forms.HiddenInput, max_length=TEXT_LIMIT, required=False)

    def clean_chosen(self) -> list[Chosen]:
        """The lines, read."""
        found = [CHOSEN.fullmatch(one) for one in self.cleaned_data["chosen"].split(";")]
        if len(found) > MOST_CHOSEN or not all(found):
            raise forms.ValidationError(_("This cannot be read. Start again from the proposal."))
        return [Chosen(one[1], one[2], int(one[3])) for one in found if one]


def lines(chosen: list[Chosen]) -> str:
    """What `ConfirmForm` reads."""
    return ";".join(f"{one.code} {one.call} {one.gpu_seconds}" for one in chosen)


def chosen_of(proposed: Proposed, *, has_note: bool) -> list[Chosen]:
    """What may be confirmed of a proposal; other hours than recommended only with a note."""
    return [
        Chosen(one.code, one.call.slug, one.gets.gpu_seconds)
        for one in proposed.to_confirm
        if one.call and one.gets and (has_note or not one.is_other)
    ]
