"""Numbers as people write them: `7000`, `7,000`, `7 000`, and `1.5` or `1,5` hours; and a field for each question."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fabrica.applications.engine.extra import read, said_in
from fabrica.calls.engine.questions import FILE_TYPES, Question
from fabrica.kit.attached import FILE_BYTES
from fabrica.kit.units import size

SPACES = re.compile(r"[\s\u00a0\u202f'\u2019]")
GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
GROUPED_WITH_DOTS = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?")
LONGEST = 30


def plain_number(typed: Any, *, whole: bool) -> Any:
    """A number without what groups its digits and with a dot before its decimals; what is no number stays as typed.

    `1.500` is a thousand and a half where a whole number is asked for, and one and a half where it is not.
    """
    if not isinstance(typed, str) or len(typed) > LONGEST:
        return typed
    bare = SPACES.sub("", typed)
    if GROUPED.fullmatch(bare):
        return bare.replace(",", "")
    if GROUPED_WITH_DOTS.fullmatch(bare) and (whole or "," in bare or bare.count(".") > 1):
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", ".")


class WholeNumberField(forms.IntegerField):
    """A whole number in a text box: a number box drops what it cannot read before anybody can be told."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        return super().to_python(plain_number(value, whole=True))


class HoursField(forms.DecimalField):
    """Hours with decimals in a text box, for the same reason."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Any:
        return super().to_python(plain_number(value, whole=False))


YES_NO = [("true", gettext_lazy("Yes")), ("false", gettext_lazy("No"))]
DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
MOST_RADIOS = 8


def yes_no(label: Any, help_text: Any) -> forms.TypedChoiceField:
    """Yes, no, or not answered yet."""
    return forms.TypedChoiceField(
        label=label, help_text=help_text, choices=YES_NO, coerce=lambda value: value == "true", empty_value=None,
        widget=forms.RadioSelect, required=False,
    )  # fmt: skip


class Files(forms.FileInput):
    """One or several files to choose; they are taken out of the request by hand, each checked by itself."""

    allow_multiple_selected = True


def files_field(label: Any, hint: str, types: tuple[str, ...], most: int) -> forms.FileField:
    """Where files are chosen."""
    facts = {"kinds": ", ".join(one.upper() for one in types), "size": size(FILE_BYTES), "most": most}
    told = _("%(kinds)s; at most %(most)s, each of at most %(size)s.") % facts
    shown = conditional_escape(f"{hint} {told}".strip())
    accept = ",".join(f".{one}" for one in types) + (",.jpeg" if "jpg" in types else "")
    return forms.FileField(
        label=label, help_text=shown, required=False, widget=Files({"accept": accept, "multiple": most > 1})
    )


def attachments_field(most: int) -> forms.FileField:
    """Files that answer no question."""
    return files_field(_("Other attachments"), _("What else helps to judge it."), FILE_TYPES, most)


def field_for(question: Question) -> forms.Field:
    """The field of a question, within its limits. Its words were written by operators: they are no markup."""
    label, hint = said_in(question.label), str(conditional_escape(said_in(question.help)))
    if question.kind == "file":
        return files_field(label, said_in(question.help), question.types, question.most)
    if unit := said_in(question.unit):
        label = f"{label} ({unit})"
    made = MAKERS[question.kind](question, label, hint)
    if question.kind != "yes_no":  # which has no more to say than its two choices
        made.validators.append(_Within(question))
    return made


class _Within:
    """What the engine says of an answer, beside its field."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def __call__(self, value: Any) -> None:
        try:
            read(self.question, value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class NumberField(HoursField):
    """A number with or without decimals."""

    is_whole = False

    def to_python(self, value: Any) -> Any:
        return forms.DecimalField.to_python(self, plain_number(value, whole=self.is_whole))


def _text(question: Question, label: str, hint: str) -> forms.Field:
    return forms.CharField(label=label, help_text=hint, max_length=question.most, required=False)


def _long(question: Question, label: str, hint: str) -> forms.Field:
    widget = forms.Textarea({"rows": 5})
    return forms.CharField(label=label, help_text=hint, max_length=question.most, widget=widget, required=False)


def _choice(question: Question, label: str, hint: str) -> forms.Field:
    options, few = _options(question), len(question.options) <= MOST_RADIOS
    widget: Any = forms.RadioSelect if few else forms.Select
    choices = options if few else [("", "–"), *options]
    return forms.ChoiceField(label=label, help_text=hint, choices=choices, widget=widget, required=False)


def _choices(question: Question, label: str, hint: str) -> forms.Field:
    widget = forms.CheckboxSelectMultiple
    return forms.MultipleChoiceField(
        label=label, help_text=hint, choices=_options(question), widget=widget, required=False
    )


def _options(question: Question) -> list[tuple[str, str]]:
    return [(key, said_in(words)) for key, words in question.options]


def _number(question: Question, label: str, hint: str) -> forms.Field:
    made = NumberField(label=label, help_text=hint, max_digits=30, required=False)
    made.is_whole = question.decimals == 0
    return made


def _yes_no(_question: Question, label: str, hint: str) -> forms.Field:
    return yes_no(label, hint)


def _day(_question: Question, label: str, hint: str) -> forms.Field:
    widget = forms.DateInput({"type": "date"}, format=DAYS[0])
    return forms.DateField(label=label, help_text=hint, input_formats=DAYS, widget=widget, required=False)


MAKERS = {
    "text": _text, "long": _long, "choice": _choice, "choices": _choices, "number": _number, "yes_no": _yes_no,
    "date": _day,
}  # fmt: skip
