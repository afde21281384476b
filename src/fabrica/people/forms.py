"""Forms about people."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.people.engine import MAX_LINE
from fabrica.people.engine.orcids import MOST_LETTERS
from fabrica.people.models import Authorship, Organisation, Person
from fabrica.people.states import Language, Scope


class SignupDetails(forms.Form):
    """What the sign-up asks beyond address and password."""

    name = forms.CharField(label=_("Your name"), max_length=120)

    def signup(self, request: HttpRequest, user: Person) -> None:  # noqa: ARG002 - allauth's signature
        """Called by allauth with the new person."""
        user.name = self.cleaned_data["name"]
        user.language = get_language() or Language.EN
        user.save(update_fields=["name", "language"])


class TermsForm(forms.Form):
    """The one tick that opens the portal."""

    accept = forms.BooleanField(
        label=_("I accept the terms of use"),
        error_messages={"required": _("Tick the box to accept the terms; without them we cannot let you in.")},
    )


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


class OrganisationForm(forms.ModelForm[Organisation]):
    """A new organisation."""

    class Meta:
        model = Organisation
        fields = ["name", "country", "kind", "registration_number"]
        help_texts = {
            "name": _("As in the commercial register."),
            "registration_number": _("From the commercial register, or the VAT number."),
        }


class MemberForm(forms.Form):
    """Somebody to add to the organisation."""

    email = forms.EmailField(label=_("Their e-mail address"), help_text=_("They need an account here first."))


class SshKeyForm(forms.Form):
    """A new SSH key."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Where you will use it, such as: my laptop."))
    text = forms.CharField(
        label=_("Public key"),
        max_length=MAX_LINE,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "One line that begins with ssh-ed25519, ecdsa-sha2, ssh-rsa (3072 bits or more) or, for a security key, "
            "sk-. It stands in a file that ends in .pub."
        ),
    )

    def clean_text(self) -> str:
        """The text as it is; a secret pasted by mistake is not sent back with the page."""
        text: str = self.cleaned_data["text"]
        if "PRIVATE KEY" in text:
            self.data = {**self.data.dict(), "text": ""}  # type: ignore[attr-defined] # a form gets a QueryDict
        return text


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Where you will use it, such as: my laptop."))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Valid for how many days"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].initial = [Scope.READ.value]
