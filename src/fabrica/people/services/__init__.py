"""Every write about people."""

from fabrica.people.services.accounts import (
    MAX_SSH_KEYS,
    MAX_TOKENS,
    accept_terms,
    add_member,
    add_ssh_key,
    create_token,
    grant_role,
    register_organisation,
    register_person,
    remove_ssh_key,
    revoke_token,
    set_active,
    set_language,
    touch_token,
)
from fabrica.people.services.identities import (
    drop_unconfirmed,
    identity_key,
    keep_identity,
    link_identity,
    note_identity,
    unlink_identity,
)

__all__ = [
    "MAX_SSH_KEYS",
    "MAX_TOKENS",
    "accept_terms",
    "add_member",
    "add_ssh_key",
    "create_token",
    "drop_unconfirmed",
    "grant_role",
    "identity_key",
    "keep_identity",
    "link_identity",
    "note_identity",
    "register_organisation",
    "register_person",
    "remove_ssh_key",
    "revoke_token",
    "set_active",
    "set_language",
    "touch_token",
    "unlink_identity",
]
