"""Persons, organisations, memberships, roles, tokens, SSH keys, identities, sessions."""

from fabrica.people.models.erasure import Erasure
from fabrica.people.models.persons import (
    Authorship,
    Domain,
    HeardLogout,
    Identity,
    Invitation,
    Member,
    OpenSession,
    Organisation,
    Person,
    PersonManager,
    RoleGrant,
    SmeDeclaration,
    SmeDraft,
    SmeRelative,
    SshKey,
    Token,
)

__all__ = [
    "Authorship",
    "Domain",
    "Erasure",
    "HeardLogout",
    "Identity",
    "Invitation",
    "Member",
    "OpenSession",
    "Organisation",
    "Person",
    "PersonManager",
    "RoleGrant",
    "SmeDeclaration",
    "SmeDraft",
    "SmeRelative",
    "SshKey",
    "Token",
]
