"""Pages of one's own account, and of how one signs in."""

from fabrica.people.pages.account import (
    account,
    language,
    organisation,
    organisation_new,
    ssh_key_remove,
    ssh_keys,
    terms,
    token_made,
    token_new,
    token_revoke,
)
from fabrica.people.pages.identities import (
    identities_told,
    identity_confirm,
    identity_link,
    identity_unlink,
    password_set,
    sign_in_methods,
)
from fabrica.people.pages.joining import joining, organisation_joining
from fabrica.people.pages.orcids import authorship

__all__ = [
    "account",
    "authorship",
    "identities_told",
    "identity_confirm",
    "identity_link",
    "identity_unlink",
    "joining",
    "language",
    "organisation",
    "organisation_joining",
    "organisation_new",
    "password_set",
    "sign_in_methods",
    "ssh_key_remove",
    "ssh_keys",
    "terms",
    "token_made",
    "token_new",
    "token_revoke",
]
