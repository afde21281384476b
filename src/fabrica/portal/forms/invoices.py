"""The forms of invoices and of what an award may cost."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.allocations.models.invoices import NOTE_LIMIT, REFERENCE_LIMIT


class CancelForm(forms.Form):
    """Why an invoice is cancelled."""

    reason = forms.CharField(
        label=_("Why it is cancelled"), help_text=_("It stands on the credit note."), max_length=NOTE_LIMIT
    )


class PaidForm(forms.Form):
    """When money moved, and how the bank knows it."""

    paid_on = forms.DateField(label=_("Paid on"), widget=forms.DateInput({"type": "date"}))
    reference = forms.CharField(label=_("Reference of the bank"), max_length=REFERENCE_LIMIT)


class CustomerForm(forms.Form):
    """Where an organisation's invoices go."""

    street = forms.CharField(label=_("Street and number"), max_length=160)
    postcode = forms.CharField(label=_("Postcode"), max_length=20)
    city = forms.CharField(label=_("City"), max_length=80)
    vat_number = forms.CharField(
        label=_("VAT number"), max_length=20, required=False,
        help_text=_("With the letters of the country. Needed where the site is in another country."),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("Your reference"), max_length=REFERENCE_LIMIT, required=False, help_text=_("Printed on each invoice.")
    )


class LimitForm(forms.Form):
    """The most that an award may cost."""

    euros = forms.DecimalField(
        label=_("Limit in euros, without VAT"), min_value=Decimal("0.01"), max_value=10**10, decimal_places=2,
        help_text=_("What the customer has ordered. Use beyond it is never billed."),
    )  # fmt: skip

    def cents(self) -> int:
        """What was written, in cents."""
        return int(self.cleaned_data["euros"] * 100)
