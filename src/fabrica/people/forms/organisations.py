"""Forms of an organisation."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused
from fabrica.people.engine.legal_forms import legal_forms
from fabrica.people.engine.numbers import checked_pic, checked_vat
from fabrica.people.models import Organisation


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
        plain = gettext("Write it as your papers do.")
        self.fields["legal_form"].help_text = told % {"forms": ", ".join(forms_here[:3])} if forms_here else plain
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
