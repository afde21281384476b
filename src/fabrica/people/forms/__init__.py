"""Forms about people and organisations."""

from fabrica.people.forms.account import MemberForm, SignupDetails, SshKeyForm, TermsForm, TokenForm
from fabrica.people.forms.authorship import AuthorshipForm
from fabrica.people.forms.organisations import OrganisationChangeForm, OrganisationForm
from fabrica.people.forms.sme import AccountsForm, DeclareForm, HoldingForm, OtherForm, accounts_initial, other_initial

__all__ = [
    "AccountsForm",
    "AuthorshipForm",
    "DeclareForm",
    "HoldingForm",
    "MemberForm",
    "OrganisationChangeForm",
    "OrganisationForm",
    "OtherForm",
    "SignupDetails",
    "SshKeyForm",
    "TermsForm",
    "TokenForm",
    "accounts_initial",
    "other_initial",
]
