"""The pages of an impact assessment as forms: one section, the list of risks, the signature."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.trust.engine.articles import article_in
from fabrica.trust.engine.impact import RISKS, Kind, Question, Questions, Section
from fabrica.trust.engine.impact.judging import RISK_ID
from fabrica.trust.engine.impact.questions import MOST_LETTERS
from fabrica.trust.models import SIGNER_LIMIT, ImpactAssessment
from fabrica.trust.states import Answer

LARGEST = 2**31 - 1


class SectionForm(forms.Form):
    """What a section asks, in its state; none must be answered to save. Values that do not read are left out."""

    draft_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST)

    def __init__(self, data: Any, *, assessment: ImpactAssessment, form: Questions, section: Section) -> None:
        self.section, self.assessment, self.questions = section, assessment, form
        self.asked: dict[str, Question] = {one.id: one for one in section.questions}
        self.risk_ids = [one[RISK_ID] for one in assessment.risks] if section.id == RISKS else []
        told = {f"{risk[RISK_ID]}-{key}": text for risk in assessment.risks for key, text in risk.items()}
        initial = {**assessment.answers, **told, "draft_version": assessment.saves.get(section.id, 0)}
        super().__init__(data, initial=initial)
        self.fields.update({one.id: _field(one) for one in section.questions})
        for key in self.risk_ids:
            self.fields.update({f"{key}-{one.id}": _field(one, rows=3) for one in form.risk})

    @property
    def needed_to_submit(self) -> list[str]:
        """What is not optional in the end: all that always counts. What counts at times says so itself."""
        return [name for name in self.fields if name not in self.asked or not self.asked[name].when]

    def answers(self) -> dict[str, str]:
        """What could be read; an empty answer takes away what stood there."""
        return {key: _text(self.cleaned_data[key]) for key in self.asked if key in self.cleaned_data}

    def risks(self) -> list[dict[str, str]] | None:
        """All risks as they are in the form; None where the section has none. What did not read stays as it was."""
        if self.section.id != RISKS:
            return None
        before: Mapping[str, Mapping[str, str]] = {one[RISK_ID]: one for one in self.assessment.risks}
        return [
            {RISK_ID: key} | {
                one.id: _text(self.cleaned_data.get(f"{key}-{one.id}", before[key].get(one.id, "")))
                for one in self.questions.risk
            }
            for key in self.risk_ids
        ]  # fmt: skip

    def shown(self) -> list[BoundField]:
        """The questions, in their order."""
        return [self[key] for key in self.asked]

    def shown_risks(self) -> list[tuple[str, list[BoundField]]]:
        """Each risk with its fields."""
        return [(key, [self[f"{key}-{one.id}"] for one in self.questions.risk]) for key in self.risk_ids]


class SignForm(forms.Form):
    """The signature: one's name in letters, under what was read."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your name, as your account has it"), max_length=SIGNER_LIMIT,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("It stands under this version, with today's date, for as long as it is kept."),
    )  # fmt: skip


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _field(one: Question, rows: int = 4) -> forms.Field:
    told: dict[str, Any] = {
        "label": one.said("question", get_language()), "help_text": _hint(one), "required": False,
    }  # fmt: skip
    if one.kind is Kind.TEXT:
        return forms.CharField(max_length=MOST_LETTERS, widget=forms.Textarea({"rows": rows}), **told)
    if one.kind is Kind.DATE:
        return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **told)
    return forms.ChoiceField(choices=choices_of(one), widget=forms.RadioSelect, **told)


def choices_of(one: Question) -> list[tuple[str, Any]]:
    """What may be answered, in words."""
    if one.kind is Kind.FLAG:
        return list(Answer.choices)
    return [(option.id, option.said("label", get_language())) for option in one.options]


def _hint(one: Question) -> SafeString:
    language = get_language()
    helped, example = one.said("help", language), one.said("example", language)
    told = conditional_escape(f"{helped} ({article_in(language, one.article)})" if helped and one.article else helped)
    if not example:
        return told
    return format_html("{}<br>{} {}", told, _("For instance:"), example)
