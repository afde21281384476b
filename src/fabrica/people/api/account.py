"""The API of one's own account: who one is, tokens and SSH keys."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.errors import NotAllowed, NotFound
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.api.organisations import OrganisationOut
from fabrica.people.engine import MAX_LINE
from fabrica.people.models import Person, SshKey, Token
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router()


class MeOut(Schema):
    """Who the token or session stands for."""

    uid: str
    email: str
    name: str
    language: str
    roles: list[str]
    terms_accepted: bool
    scopes: list[str]
    organisations: list[OrganisationOut]


class TokenIn(Schema):
    """A new token."""

    name: str = Field(max_length=60)
    scopes: list[str] = Field(max_length=10)
    days: int = Field(90, ge=1, le=365)


class TokenOut(Schema):
    """A token, without its secret."""

    id: int
    name: str
    start: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(Schema):
    """A new token with its secret, shown this once."""

    token: TokenOut
    secret: str


@router.get("/me", response=MeOut)
@needs("read")
def me(request: HttpRequest) -> dict[str, Any]:
    """Who I am here."""
    return _me(signed_in(request), request.scopes)  # type: ignore[attr-defined]


def _me(person: Person, scopes: frozenset[str]) -> dict[str, Any]:
    return {
        "uid": person.uid,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "roles": sorted(rules.roles(person)),
        "terms_accepted": person.has_accepted_terms,
        "scopes": sorted(scopes),
        "organisations": list(queries.organisations_of(person)),
    }


@router.post("/me/terms", response=MeOut)
@needs("account")
def accept_terms(request: HttpRequest) -> dict[str, Any]:
    """Accept the terms of use now in force."""
    services.accept_terms(by=signed_in(request), now=utcnow())
    return _me(signed_in(request), request.scopes)  # type: ignore[attr-defined]


class LanguageIn(Schema):
    """The language of letters to me."""

    language: str = Field(max_length=5, examples=["fr"])


@router.post("/me/language", response={204: None})
@needs("account")
def set_language(request: HttpRequest, payload: LanguageIn) -> Status[None]:
    """Have letters written to me in this language."""
    services.set_language(language=payload.language, by=signed_in(request), now=utcnow())
    return Status(204, None)


@router.get("/tokens", response=list[TokenOut])
@needs("read")
def tokens(request: HttpRequest) -> Any:
    """My tokens."""
    return queries.tokens_of(signed_in(request))


@router.post("/tokens", response={201: TokenMade})
@needs("account")
def create_token(request: HttpRequest, payload: TokenIn) -> Status[dict[str, Token | str]]:
    """Make a token. Its secret is in this answer only."""
    if set(payload.scopes) - request.scopes:  # type: ignore[attr-defined]
        raise NotAllowed(
            _("A token cannot make one that may do more than itself."), todo=_("Make it on your account page.")
        )
    token, secret = services.create_token(**payload.dict(), by=signed_in(request), now=utcnow())
    return Status(201, {"token": token, "secret": secret})


@router.delete("/tokens/{token_id}", response={204: None})
@needs("account")
def revoke_token(request: HttpRequest, token_id: int) -> Status[None]:
    """End a token at once."""
    token = queries.tokens_of(signed_in(request)).filter(pk=token_id).first()
    if token is None:
        raise NotFound(_("There is no such token among yours."))
    services.revoke_token(token=token, by=signed_in(request), now=utcnow())
    return Status(204, None)


class SshKeyIn(Schema):
    """A new SSH key."""

    name: str = Field(max_length=60, examples=["my laptop"])
    key: str = Field(max_length=MAX_LINE, examples=["ssh-ed25519 AAAA..."])


class SshKeyOut(Schema):
    """An SSH key."""

    id: int
    name: str
    kind: str
    fingerprint: str
    key: str = Field(alias="line")
    added_at: datetime


@router.get("/me/ssh-keys", response=list[SshKeyOut])
@needs("read")
def ssh_keys(request: HttpRequest) -> Any:
    """The SSH keys with which I enter machines."""
    return queries.ssh_keys_of(signed_in(request))


@router.post("/me/ssh-keys", response={201: SshKeyOut})
@needs("account")
def add_ssh_key(request: HttpRequest, payload: SshKeyIn) -> Status[SshKey]:
    """Enter machines with another SSH key. I am told by mail."""
    made = services.add_ssh_key(name=payload.name, text=payload.key, by=signed_in(request), now=utcnow())
    return Status(201, made)


@router.delete("/me/ssh-keys/{key_id}", response={204: None})
@needs("account")
def remove_ssh_key(request: HttpRequest, key_id: int) -> Status[None]:
    """Enter no machine with this SSH key any more."""
    person = signed_in(request)
    services.remove_ssh_key(key=queries.ssh_key_of(person, key_id), by=person, now=utcnow())
    return Status(204, None)
