"""The forms of the board, and of those who answer it."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from fabrica.kit.attached import FILE_BYTES, too_large
from fabrica.people.models import Person
from fabrica.trust.models import TEXT_LIMIT
from fabrica.trust.services.conditions import LINK_LIMIT, MOST_DAYS
from fabrica.trust.states import Blocks, Finding, Owner, Vote

SECONDS = 3_600
MOST_HOURS = 10**8


def read_upload(file: "UploadedFile[Any] | None") -> tuple[str, bytes]:
    """Name and content of a file that was sent; empty where none was. Raises Refused for one that is too large."""
    if file is None:
        return "", b""
    if (file.size or 0) > FILE_BYTES:
        raise too_large(file.name or "", file.size or 0)
    return file.name or "", file.read()


def _text(label: Any, help_text: Any = "", rows: int = 4) -> forms.CharField:
    widget = forms.Textarea({"rows": rows})
    return forms.CharField(label=label, help_text=help_text, max_length=TEXT_LIMIT, widget=widget)


class SeatForm(forms.Form):
    """Who is asked to vote."""

    person = forms.ChoiceField(label=_("Who is to vote"))

    def __init__(self, *args: Any, people: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(one.uid, str(one)) for one in people]  # type: ignore[attr-defined]


class VoteForm(forms.Form):
    """A vote."""

    choice = forms.ChoiceField(label=_("Your vote"), choices=Vote.choices, widget=forms.RadioSelect)
    reason = _text(_("Why"), _("The board reads it with your name; the applicant does not."))


class AskForm(forms.Form):
    """A question to the applicant."""

    question = _text(
        _("Your question"),
        _("The applicant gets a letter. Until they answer, the clock stands still."),
    )


class ConditionForm(forms.Form):
    """A condition of the board's own."""

    text = _text(_("What is to be shown"), rows=3)
    blocks = forms.ChoiceField(label=_("What waits for it"), choices=Blocks.choices)
    owner = forms.ChoiceField(label=_("Who shows it"), choices=Owner.choices)
    days = forms.IntegerField(label=_("Days until it is due"), min_value=1, max_value=MOST_DAYS, initial=60)
    hours = forms.IntegerField(
        label=_("GPU-hours"), min_value=0, max_value=MOST_HOURS, required=False,
        help_text=_("For further runs: up to this much the project may use before. Empty for all other steps."),
    )  # fmt: skip

    def run_gpu_seconds(self) -> int | None:
        """The limit as it is kept."""
        hours: int | None = self.cleaned_data["hours"]
        return None if hours is None else hours * SECONDS


class FindingForm(forms.Form):
    """What the board finds."""

    finding = forms.ChoiceField(label=_("What the board finds"), choices=Finding.choices, widget=forms.RadioSelect)
    reason = _text(
        _("Reason"), _("The applicant reads it. A second person releases the finding; a refusal is still an officer's.")
    )


class ReasonForm(forms.Form):
    """Why something is sent back or waived."""

    reason = _text(_("Reason"), rows=3)


class InterestForm(forms.Form):
    """An interest in a case."""

    what = _text(_("Which interest"), _("From then on you neither read this case nor vote on it."), rows=2)


class EvidenceForm(forms.Form):
    """How a condition is met."""

    text = _text(_("How it is met"), _("What you did, and where it can be seen."))
    link = forms.CharField(
        label=_("Link"), max_length=LINK_LIMIT, required=False, help_text=_("Such as to a document. It may stay empty.")
    )
    file = forms.FileField(
        label=_("File"), required=False, max_length=250,
        widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg,.txt,.csv"}),
        help_text=_("PDF, PNG, JPG, TXT or CSV, of at most 10 MB. The board keeps it with the condition."),
    )  # fmt: skip

    def upload(self) -> tuple[str, bytes]:
        """The file's name and content; empty where none was chosen. Raises Refused for one that is too large."""
        return read_upload(self.cleaned_data["file"])


class AnswerForm(forms.Form):
    """An answer to the board."""

    text = _text(_("Your answer"), rows=6)


class SeenForm(forms.Form):
    """A button that says which evidence was read."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean_seen(self) -> datetime | None:
        """When it was given; None where the button does not say."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"]) if self.cleaned_data["seen"] else None
        except ValueError:
            raise forms.ValidationError(_("Reload the page.")) from None


class NothingForm(forms.Form):
    """A button that needs no words."""
