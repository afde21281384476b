"""Persons, organisations, memberships, roles, tokens, SSH keys, identities, sessions."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from fabrica.kit.ids import new_uid
from fabrica.people.states import (
    ERASED_HOST,
    TERMS_VERSION,
    Category,
    Kind,
    Language,
    MemberRole,
    Proof,
    Relation,
    Role,
    Scope,
    Sector,
    country_choices,
)


class PersonManager(BaseUserManager["Person"]):
    """Makes persons with a hashed password."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. The audit knows only `uid`."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text=_("May enter the operators' administration."))
    joined_at = models.DateTimeField(auto_now_add=True)
    language = models.CharField(_("language of letters"), max_length=5, choices=Language.choices, default=Language.EN)
    terms_version = models.CharField(max_length=20, blank=True)
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    # raised to end every session of the person at once, whichever are known
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def has_accepted_terms(self) -> bool:
        return self.terms_version == TERMS_VERSION

    @property
    def is_erased(self) -> bool:
        """Whether only the row is left, for what others decided and built."""
        return self.email.endswith(f"@{ERASED_HOST}")

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must know to count: Django's own until sessions were ended, then another each time."""
        kept: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]  # the stubs leave it out
        if not self.sessions_ended:
            return kept
        return salted_hmac(
            "sessions ended", f"{kept} {self.sessions_ended}", secret=secret, algorithm="sha256"
        ).hexdigest()


class RoleGrant(models.Model):
    """A role the site granted to a person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "role"], name="people_role_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.role}"


class Organisation(models.Model):
    """Who applies: a legal entity."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    name = models.CharField(_("legal name"), max_length=160, unique=True)
    country = models.CharField(_("country"), max_length=2, choices=country_choices)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    registration_number = models.CharField(_("registration or VAT number"), max_length=40)
    registered_at = models.DateTimeField()
    legal_form = models.CharField(_("legal form"), max_length=80, blank=True, default="", db_default="")
    vat_number = models.CharField(
        _("VAT number"), max_length=20, blank=True, default="", db_default="", db_index=True,
    )  # fmt: skip
    pic = models.CharField(_("PIC"), max_length=9, blank=True, default="", db_default="", db_index=True)
    website = models.URLField(_("website"), max_length=200, blank=True, default="", db_default="")
    sector = models.CharField(_("sector"), max_length=20, choices=Sector.choices, blank=True, default="", db_default="")
    # how it is found again under another spelling, by `engine.numbers`
    number_key = models.CharField(max_length=40, blank=True, default="", db_default="", db_index=True, editable=False)
    name_key = models.CharField(max_length=320, blank=True, default="", db_default="", db_index=True, editable=False)

    def __str__(self) -> str:
        return self.name


class SmeDraft(models.Model):
    """What an organisation entered so far for its SME declaration, as `engine.sme.draft` keeps it."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()


class SmeDeclaration(models.Model):
    """What an organisation declared of its size, once: never changed; a later one takes its place.

    `content` is the graph that was assessed, `digest` its SHA-256, `printed` the document in its signer's words.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sme_declarations")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    printed = models.JSONField()
    digest = models.CharField(max_length=64)
    category = models.CharField(max_length=10, choices=Category.choices)
    rule_version = models.CharField(max_length=40)
    language = models.CharField(max_length=5)
    signer_name = models.CharField(max_length=120)
    signer_role = models.CharField(max_length=120)
    signed_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    signed_at = models.DateTimeField()
    valid_until = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "number"], name="people_sme_number_once")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.number}"

    @property
    def is_sme(self) -> bool:
        return self.category != Category.NOT_SME

    def is_valid(self, now: datetime) -> bool:
        """Whether it may still be relied on; its last day is its whole."""
        return localdate(now) <= self.valid_until


class SmeRelative(models.Model):
    """An enterprise that a declaration named as partner or linked, by the marks under which it may be known here."""

    declaration = models.ForeignKey(SmeDeclaration, on_delete=models.CASCADE, related_name="relatives")
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=400, db_index=True)
    number_key = models.CharField(max_length=40, blank=True, db_index=True)
    country = models.CharField(max_length=2, blank=True)
    relation = models.CharField(max_length=20, choices=Relation.choices)


class Member(models.Model):
    """A person who works for an organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=MemberRole.choices)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "person"], name="people_member_once")]


class Token(models.Model):
    """A program's right to act for a person. The secret is shown once and kept as its hash."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    start = models.CharField(max_length=8, help_text=_("First characters, to tell tokens apart."))
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def scope_labels(self) -> list[str]:
        """What it may be used for, in words; one that is known no more as it stands."""
        return [str(Scope(one).label) if one in Scope.values else one for one in self.scopes]

    def is_usable(self, now: datetime) -> bool:
        """Whether the token is neither revoked nor expired, and its person still active."""
        return self.revoked_at is None and now < self.expires_at and self.person.is_active


class SshKey(models.Model):
    """A public key with which a person enters machines; without the comment, which often names somebody."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(max_length=40)
    blob = models.TextField(max_length=8_000)
    fingerprint = models.CharField(max_length=60, unique=True)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint

    @property
    def line(self) -> str:
        """As it stands in an authorized-keys file."""
        return f"{self.kind} {self.blob}"


class Identity(models.Model):
    """How a provider knows a person, with what it told of them and when: that ages, and is then worth nothing."""

    account = models.OneToOneField(SocialAccount, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=255)
    email = models.EmailField(blank=True, default="", db_default="")
    home = models.CharField(_("home organisation"), max_length=255, blank=True, default="", db_default="")
    acr = models.CharField(max_length=255, blank=True, default="", db_default="")
    assurance = models.JSONField(default=list)
    affiliations = models.JSONField(default=list)
    linked_at = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.provider_name} {self.email}".strip()

    @property
    def provider_name(self) -> str:
        """The provider's name now, or its slug where the site has dropped it."""
        provider = settings.FABRICA_OIDC_PROVIDERS.get(self.account.provider)
        return provider.name if provider else self.account.provider

    @property
    def ends_at(self) -> datetime:
        """When what was told is too old to count."""
        return self.told_at + timedelta(days=settings.FABRICA_OIDC_CLAIM_DAYS)

    def is_current(self, now: datetime) -> bool:
        """Whether assurance and affiliation still count."""
        return now < self.ends_at


class OpenSession(models.Model):
    """A browser that signed in: when, which way, with roughly which device. No address, no full name of its program."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    account = models.ForeignKey(SocialAccount, on_delete=models.SET_NULL, null=True, related_name="+")
    provider = models.CharField(max_length=30, blank=True, default="")
    provider_session = models.CharField(max_length=64, blank=True, default="", db_index=True)
    has_second_factor = models.BooleanField(default=False)
    device = models.CharField(max_length=60, blank=True, default="")
    begun_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.uid

    @property
    def provider_name(self) -> str:
        """The provider's name now; empty for a password."""
        provider = settings.FABRICA_OIDC_PROVIDERS.get(self.provider)
        return provider.name if provider else self.provider


class HeardLogout(models.Model):
    """A logout token of a provider that was heard already: it is not followed twice."""

    key = models.CharField(max_length=64, unique=True)
    heard_at = models.DateTimeField(db_index=True)


class Authorship(models.Model):
    """A person's ORCID iD, those of whom they wrote with in the last years, and of whom they apply with.

    What conflicts of interest are found by. Lists are sorted; each part may be empty.
    """

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    orcid = models.CharField(max_length=19, blank=True)
    coauthors = models.JSONField(default=list)
    team = models.JSONField(default=list)
    changed_at = models.DateTimeField()


class Invitation(models.Model):
    """An address that may join an organisation, once, until a day. It carries no secret: who owns the address joins."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    invited_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=models.Q(used_at=None, revoked_at=None),
                name="people_invited_once",
            )
        ]
        indexes = [models.Index(fields=["email"], name="people_invited_email")]

    def is_open(self, now: datetime) -> bool:
        """Whether somebody may still join by it."""
        return self.used_at is None and self.revoked_at is None and now < self.expires_at


class Domain(models.Model):
    """A mail domain of an organisation; once proved, who has an address there may join, until the proof is old."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(_("domain"), max_length=200)
    secret = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    proof = models.CharField(max_length=10, choices=Proof.choices, default=Proof.NONE, db_default=Proof.NONE)
    proved_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="people_domain_once"),
            models.UniqueConstraint(
                fields=["name"], condition=~models.Q(proof=Proof.NONE), name="people_domain_proved_once"
            ),
        ]

    @property
    def record_name(self) -> str:
        """Where the DNS must hold the record."""
        return f"_fabrica-challenge.{self.name}"

    @property
    def record_text(self) -> str:
        """What it must say."""
        return f"fabrica-verification={self.secret}"

    def lets_in(self, now: datetime) -> bool:
        """Whether people with an address there may join."""
        return self.proof != Proof.NONE and self.ends_at is not None and now < self.ends_at
