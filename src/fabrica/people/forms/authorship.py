"""What a person says of their ORCID iD and of those they write and apply with."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.people.engine.orcids import MOST_LETTERS
from fabrica.people.models import Authorship


class AuthorshipForm(forms.Form):
    """An ORCID iD, and two lists of others: any text that holds ORCID iDs."""

    orcid = forms.CharField(
        label=_("Your ORCID"), max_length=60, required=False, help_text=_("Such as 0000-0002-1825-0097.")
    )
    coauthors = forms.CharField(
        label=_("ORCID iDs of those you wrote with in the last years"), required=False, max_length=MOST_LETTERS,
        widget=forms.Textarea({"rows": 6}), help_text=_("One a line, or any text that holds them; at most 500."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Or a file that holds them"), required=False,
        help_text=_("Such as your publications as text, CSV or BibTeX. What it holds is added to the list."),
    )  # fmt: skip
    team = forms.CharField(
        label=_("ORCID iDs of those you apply with"), required=False, max_length=MOST_LETTERS,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("They review none of your applications, nor does who wrote with them."),
    )  # fmt: skip

    def __init__(self, *args: Any, kept: Authorship | None, **kwargs: Any) -> None:
        if kept is not None:
            lists = {"coauthors": "\n".join(kept.coauthors), "team": "\n".join(kept.team)}
            kwargs.setdefault("initial", {"orcid": kept.orcid, **lists})
        super().__init__(*args, **kwargs)

    def clean_file(self) -> str:
        """What the file holds as text; refused when it is too long."""
        sent = self.cleaned_data["file"]
        if not sent:
            return ""
        if sent.size > MOST_LETTERS:
            raise forms.ValidationError(_("This file is too long."))
        return str(sent.read(MOST_LETTERS).decode("utf-8", errors="replace"))

    def told(self) -> dict[str, str]:
        """What was said, as the service takes it."""
        data = self.cleaned_data
        written = "\n".join(part for part in (data["coauthors"], data["file"]) if part)
        return {"orcid": data["orcid"], "coauthors": written, "team": data["team"]}
