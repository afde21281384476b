"""Opening a call of a mode, and pausing or closing one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.calls.models import Call
from fabrica.calls.states import State
from fabrica.clusters.models import Machine


class OpenForm(forms.Form):
    """A mode on a machine, from now on."""

    use_required_attribute = False

    machine = forms.ModelChoiceField(
        label=_("Machine"), queryset=Machine.objects.none(), to_field_name="slug", empty_label=None,
        help_text=_("Its units count the hours of the call."),
    )  # fmt: skip
    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("Applicants see it in lists, with a year."))
    slug = forms.SlugField(
        label=_("Address"), max_length=60, help_text=_("Small letters, digits and hyphens, such as regional-ai-2027.")
    )
    closes_at = forms.DateTimeField(
        label=_("Closes"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=_("Left empty: open until you close it, or until its last cut-off."),
    )  # fmt: skip

    def __init__(self, *args: Any, machines: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["machine"].queryset = machines  # type: ignore[attr-defined]  # a choice of rows


class StateForm(forms.Form):
    """Open, paused or closed; a pause tells applicants why, and where they can go meanwhile."""

    use_required_attribute = False

    state = forms.ChoiceField(label=_("It is"), choices=State.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("Applicants read it. A pause needs one.")
    )
    alternatives = forms.ModelMultipleChoiceField(
        label=_("Where applicants can apply meanwhile"), queryset=Call.objects.none(), to_field_name="slug",
        required=False, widget=forms.CheckboxSelectMultiple, help_text=_("Shown with the reason while these are open."),
    )  # fmt: skip

    def __init__(self, *args: Any, others: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["alternatives"].queryset = others  # type: ignore[attr-defined]  # a choice of rows

    def clean(self) -> dict[str, Any]:
        """A pause without a reason is told beside the reason."""
        data = super().clean() or self.cleaned_data
        if data.get("state") == State.PAUSED and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why it is paused."))
        return data
