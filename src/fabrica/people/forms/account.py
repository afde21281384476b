"""Forms of one's own account, and of members."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.people.engine import MAX_LINE
from fabrica.people.models import Person
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
