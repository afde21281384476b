"""What somebody looks for in the lists of projects and applications."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

WORDS_LIMIT = 100


class FindForm(forms.Form):
    """Words and a state; what makes no sense counts as nothing chosen."""

    q = forms.CharField(
        label=_("Code, title or organisation"), required=False, max_length=WORDS_LIMIT,
        widget=forms.TextInput({"type": "search"}),
    )  # fmt: skip
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, states: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["state"]).choices = [("", _("All")), *states]

    def asked(self) -> dict[str, str]:
        """What was chosen, as the queries take it."""
        self.is_valid()
        return {"words": self.cleaned_data.get("q", ""), "state": self.cleaned_data.get("state", "")}
