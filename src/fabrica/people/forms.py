"""Forms about people."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused
from fabrica.people.engine import MAX_LINE
from fabrica.people.engine.legal_forms import legal_forms
from fabrica.people.engine.numbers import checked_pic, checked_vat
from fabrica.people.models import Organisation, Person
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


class OrganisationForm(forms.ModelForm[Organisation]):
    """A new organisation."""

    class Meta:
        model = Organisation
        fields = ["name", "country", "kind", "registration_number"]
        help_texts = {
            "name": _("As in the commercial register."),
            "registration_number": _("From the commercial register, or the VAT number."),
        }


class OrganisationChangeForm(forms.ModelForm[Organisation]):
    """What its people say of an organisation."""

    vat_number = forms.CharField(
        label=_("VAT number"), max_length=40, required=False,
        help_text=_(
            "Such as FR40303265045. Leave it empty if you have none. Its digits are checked here, nobody is asked."
        ),
    )  # fmt: skip
    pic = forms.CharField(
        label=_("PIC"), max_length=20, required=False,
        help_text=_(
            "Nine digits by which the EU's funding portal knows you. Leave it empty if you never had a project there."
        ),
    )  # fmt: skip
    website = forms.CharField(
        label=_("Website"), max_length=200, required=False, help_text=_("Such as www.example.org.")
    )

    class Meta:
        model = Organisation
        fields = [
            "name", "legal_form", "kind", "sector", "registration_number", "vat_number", "pic", "website",
        ]  # fmt: skip
        help_texts = {
            "name": _("As in the commercial register."),
            "registration_number": _("From the commercial register of your country."),
            "sector": _("Where most of your work is."),
        }
        labels = {"registration_number": _("Registration number")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        forms_here = legal_forms().of(self.instance.country)
        self.fields["legal_form"].widget.attrs["list"] = "legal-forms"
        told = gettext("Such as %(forms)s. If yours is not among those offered, write it as your papers do.")
        self.fields["legal_form"].help_text = told % {"forms": ", ".join(forms_here[:3])}
        self.legal_forms = forms_here

    def clean_vat_number(self) -> str:
        return self._checked(checked_vat, "vat_number", self.instance.country)

    def clean_pic(self) -> str:
        return self._checked(checked_pic, "pic")

    def _checked(self, check: Callable[..., str], key: str, *facts: str) -> str:
        """The number in its plain form, or what is wrong with it, beside its field."""
        try:
            return check(self.cleaned_data[key], *facts)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean_website(self) -> str:
        """An address that is written as people do."""
        given: str = self.cleaned_data["website"].strip()
        return given if "://" in given or not given else f"https://{given}"


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
