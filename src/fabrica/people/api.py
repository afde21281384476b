"""The API of one's own account."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.errors import NotAllowed, NotFound
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services, shown
from fabrica.people.engine import MAX_LINE
from fabrica.people.engine.sme.draft import draft_from
from fabrica.people.models import Member, Organisation, Person, SmeDeclaration, SshKey, Token
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

MOST_TWINS, MOST_DECLARATIONS = 5, 20
router = Router(tags=["account"])


class OrganisationIn(Schema):
    """A new organisation."""

    name: str = Field(max_length=160)
    country: str = Field(max_length=2, examples=["FR"])
    kind: str = Field(examples=["startup"])
    registration_number: str = Field(max_length=40)


class OrganisationOut(Schema):
    """An organisation of mine."""

    uid: str
    name: str
    country: str
    kind: str


class OrganisationChange(Schema):
    """What changes; what is left out stays."""

    name: str | None = Field(None, max_length=160)
    kind: str | None = Field(None, max_length=20)
    registration_number: str | None = Field(None, max_length=40)
    legal_form: str | None = Field(None, max_length=80, examples=["SAS"])
    vat_number: str | None = Field(None, max_length=40, examples=["FR40303265045"])
    pic: str | None = Field(None, max_length=20, examples=["999999999"])
    website: str | None = Field(None, max_length=200)
    sector: str | None = Field(None, max_length=20, examples=["health"])


class OrganisationDetails(OrganisationOut):
    """All that is said of an organisation."""

    registration_number: str
    legal_form: str
    vat_number: str
    pic: str
    website: str
    sector: str
    registered_at: datetime


class TwinOut(Schema):
    """An organisation that may be the same, and why."""

    uid: str = Field(alias="organisation.uid")
    name: str = Field(alias="organisation.name")
    country: str = Field(alias="organisation.country")
    likenesses: list[str]


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


class MemberIn(Schema):
    """Somebody to add."""

    email: str = Field(max_length=254)


class MemberOut(Schema):
    """A member of an organisation."""

    uid: str = Field(alias="person.uid")
    name: str = Field(alias="person.name")
    role: str


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


@router.post("/organisations", response={201: OrganisationOut})
@needs("account")
def register_organisation(request: HttpRequest, payload: OrganisationIn) -> Status[Organisation]:
    """Register an organisation; I become its administrator."""
    return Status(201, services.register_organisation(**payload.dict(), by=signed_in(request), now=utcnow()))


@router.get("/organisations/{uid}", response=OrganisationDetails)
@needs("read")
def organisation(request: HttpRequest, uid: str) -> Organisation:
    """One of my organisations; officers may look at each."""
    return queries.organisation_to_read(signed_in(request), uid)


@router.patch("/organisations/{uid}", response=OrganisationDetails)
@needs("account")
def change_organisation(request: HttpRequest, uid: str, payload: OrganisationChange) -> Organisation:
    """Change what is said of an organisation that I administer."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    values = {key: value for key, value in payload.dict().items() if value is not None}
    return services.change_organisation(organisation=found, values=values, by=person, now=utcnow())


@router.get("/organisations/{uid}/alike", response=list[TwinOut])
@needs("read")
def alike(request: HttpRequest, uid: str) -> Any:
    """Organisations that may be the same as this one, for its administrators and officers."""
    person = signed_in(request)
    found = queries.organisation_to_invite_to(person, uid)
    return queries.twins(queries.marks_of(found), MOST_TWINS, but=found.pk)


@router.get("/organisations/{uid}/members", response=list[MemberOut])
@needs("read")
def members(request: HttpRequest, uid: str) -> Any:
    """The members of one of my organisations."""
    return queries.organisation_of(signed_in(request), uid).members.select_related("person").order_by("pk")


@router.post("/organisations/{uid}/members", response={201: MemberOut})
@needs("account")
def add_member(request: HttpRequest, uid: str, payload: MemberIn) -> Status[Member]:
    """Add a person who has an account."""
    organisation = queries.organisation_of(signed_in(request), uid)
    person = signed_in(request)
    made = services.add_member(organisation=organisation, email=payload.email, by=person, now=utcnow())
    return Status(201, made)


class DeclarationOut(Schema):
    """What an organisation declared of its size."""

    number: int
    category: str
    digest: str
    rule_version: str
    signer_name: str
    signer_role: str
    signed_at: datetime
    valid_until: date


class SmeOut(Schema):
    """What was declared last, and for its own people what follows of the figures entered so far."""

    declared: DeclarationOut | None
    is_valid: bool
    answer: dict[str, Any] | None


class DeclareIn(Schema):
    """Signing: `digest` is the one of the answer that was looked at."""

    digest: str = Field(max_length=64)
    name: str = Field(max_length=120)
    role: str = Field(max_length=120)


@router.get("/organisations/{uid}/sme", response=SmeOut)
@needs("read")
def sme(request: HttpRequest, uid: str) -> dict[str, Any]:
    """Whether one of my organisations is an SME; officers see what is declared of each."""
    person = signed_in(request)
    return _sme(queries.organisation_to_read(person, uid), person)


def _sme(organisation: Organisation, person: Person) -> dict[str, Any]:
    declared, answer, now = queries.sme_declaration_of(organisation), None, utcnow()
    if rules.works_for(person, organisation):
        answer = shown.live(organisation, queries.sme_draft_of(organisation).content, now.date())
    is_valid = declared is not None and declared.is_valid(now)
    return {"declared": declared, "is_valid": is_valid, "answer": answer and answer.as_dict()}


@router.put("/organisations/{uid}/sme", response=SmeOut)
@needs("account")
def enter_sme(request: HttpRequest, uid: str) -> dict[str, Any]:
    """Enter figures and owners: the body is the file that `fabrica sme` reads. Nothing is declared by it."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    services.save_sme_draft(organisation=found, content=draft_from(request.body), by=person, now=utcnow())
    return _sme(found, person)


@router.get("/organisations/{uid}/sme/declarations", response=list[DeclarationOut])
@needs("read")
def sme_declarations(request: HttpRequest, uid: str) -> Any:
    """What the organisation declared, the twenty newest."""
    found = queries.organisation_to_read(signed_in(request), uid)
    return queries.sme_declarations_of(found).defer("content", "printed")[:MOST_DECLARATIONS]


@router.post("/organisations/{uid}/sme/declarations", response={201: DeclarationOut})
@needs("account")
def declare_sme(request: HttpRequest, uid: str, payload: DeclareIn) -> Status[SmeDeclaration]:
    """Declare what is entered. I sign it with my name and position."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    return Status(201, services.declare_sme(organisation=found, **payload.dict(), by=person, now=utcnow()))


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
        raise NotAllowed("A token cannot make one that may do more than itself.", todo="Make it on your account page.")
    token, secret = services.create_token(**payload.dict(), by=signed_in(request), now=utcnow())
    return Status(201, {"token": token, "secret": secret})


@router.delete("/tokens/{token_id}", response={204: None})
@needs("account")
def revoke_token(request: HttpRequest, token_id: int) -> Status[None]:
    """End a token at once."""
    token = queries.tokens_of(signed_in(request)).filter(pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token among yours.")
    services.revoke_token(token=token, by=signed_in(request), now=utcnow())
    return Status(204, None)


class ActiveIn(Schema):
    """Whether the person may sign in and use tokens."""

    active: bool


@router.post("/people/{uid}/active", response={204: None})
@needs("decide")
def set_active(request: HttpRequest, uid: str, payload: ActiveIn) -> Status[None]:
    """Lock a person out, or let them in again (operators)."""
    services.set_active(uid=uid, active=payload.active, by=signed_in(request), now=utcnow())
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


class IdentityOut(Schema):
    """How a provider knows a person, what it told, and until when that counts. Its subject is not shown."""

    id: int = Field(alias="pk")
    provider: str = Field(alias="account.provider")
    issuer: str
    email: str
    home: str
    acr: str
    assurance: list[str]
    affiliations: list[str]
    linked_at: datetime
    told_at: datetime
    ends_at: datetime


class CauseIn(Schema):
    """Why it is done."""

    cause: str = Field(max_length=20, examples=["incident"])


@router.get("/people/{uid}/identities", response=list[IdentityOut])
@needs("read")
def identities(request: HttpRequest, uid: str) -> Any:
    """The identities of a person: mine, or anybody's for officers and operators. At most ten."""
    return queries.identities_of(queries.person_told_of(signed_in(request), uid))


@router.delete("/people/{uid}/identities/{identity_id}", response={204: None})
@needs("decide")
def unlink_identity(request: HttpRequest, uid: str, identity_id: int, payload: CauseIn) -> Status[None]:
    """Take an identity from somebody, and end the sessions begun with it (operators)."""
    by = signed_in(request)
    identity = queries.identity_told_of(by, uid, identity_id)
    services.unlink_identity_of(identity=identity, cause=payload.cause, by=by, now=utcnow())
    return Status(204, None)


@router.post("/people/{uid}/sessions/end", response={204: None})
@needs("decide")
def end_sessions(request: HttpRequest, uid: str, payload: CauseIn) -> Status[None]:
    """Sign a person out everywhere, after an incident (officers and operators). Tokens go on working."""
    services.end_sessions(uid=uid, cause=payload.cause, by=signed_in(request), now=utcnow())
    return Status(204, None)
