"""How a form's fields are shown: which pattern each widget gets and where an error's link leads."""

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise

CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@dataclass(frozen=True)
class Complaint:
    """One line of the error summary: the text, and the id and label of the control to mend (empty: the whole form)."""

    text: str
    target: str = ""
    label: str | Promise = ""

    def __str__(self) -> str:
        """The text with its field's label before it; a label that is a question keeps its own mark."""
        if not self.label:
            return str(self.text)
        return f"{self.label}{'' if str(self.label).endswith(('?', '.', '!')) else ':'} {self.text}"


def pattern_of(field: BoundField) -> str:
    """The pattern of a field: `choices`, `group` (several inputs of one answer), `checkbox` or `input`."""
    widget = field.field.widget
    if isinstance(widget, CHOICES):
        return "choices"
    if widget.use_fieldset:
        return "group"
    return "checkbox" if isinstance(widget, forms.CheckboxInput) else "input"


def target_of(field: BoundField) -> str:
    """The id of the field's first control, where a link from the error summary lands."""
    if isinstance(field.field.widget, CHOICES):
        return f"{field.auto_id}_0"
    return str(field.id_for_label or field.auto_id)


def complaints_of(form: forms.BaseForm) -> Iterator[Complaint]:
    """The form's errors in the order of its fields, those of the whole form first."""
    for text in form.non_field_errors():
        yield Complaint(str(text))
    for field in form:
        for text in field.errors:
            yield Complaint(str(text), "" if field.is_hidden else target_of(field), field.label)
