"""Pages of one's own account, and of how one signs in."""

from fabrica.people.pages.account import (
    account,
    language,
    ssh_key_remove,
    ssh_keys,
    terms,
    token_made,
    token_new,
    token_revoke,
)
from fabrica.people.pages.assurance import assurance, assurance_show
from fabrica.people.pages.identities import (
    identities_told,
    identity_confirm,
    identity_link,
    identity_unlink,
    identity_unlink_of,
    password_set,
    sign_in_methods,
)
from fabrica.people.pages.joining import joining, organisation_joining
from fabrica.people.pages.orcids import authorship
from fabrica.people.pages.organisations import (
    administrator_appoint,
    organisation,
    organisation_change,
    organisation_new,
)
from fabrica.people.pages.privacy import erase_ask, erase_cancel, erase_confirm, export, privacy
from fabrica.people.pages.processing import processing_record
from fabrica.people.pages.sessions import (
    person_sessions_end,
    session_end,
    sessions_end,
    sign_out_elsewhere,
)
from fabrica.people.pages.sme import (
    sme,
    sme_accounts,
    sme_declaration,
    sme_declare,
    sme_holding,
    sme_other,
    sme_pdf,
)

__all__ = [
    "account",
    "administrator_appoint",
    "assurance",
    "assurance_show",
    "authorship",
    "erase_ask",
    "erase_cancel",
    "erase_confirm",
    "export",
    "identities_told",
    "identity_confirm",
    "identity_link",
    "identity_unlink",
    "identity_unlink_of",
    "joining",
    "language",
    "organisation",
    "organisation_change",
    "organisation_joining",
    "organisation_new",
    "password_set",
    "person_sessions_end",
    "privacy",
    "processing_record",
    "session_end",
    "sessions_end",
    "sign_in_methods",
    "sign_out_elsewhere",
    "sme",
    "sme_accounts",
    "sme_declaration",
    "sme_declare",
    "sme_holding",
    "sme_other",
    "sme_pdf",
    "ssh_key_remove",
    "ssh_keys",
    "terms",
    "token_made",
    "token_new",
    "token_revoke",
]
