"""Operators look after people, organisations and roles."""

from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from fabrica.kit.admin import ReadOnly, ReadOnlyInline
from fabrica.kit.errors import Problem
from fabrica.kit.time import utcnow
from fabrica.people import services
from fabrica.people.models import Identity, Member, Organisation, Person, RoleGrant, SshKey
from fabrica.people.queries import signed_in


class RoleInline(ReadOnlyInline):
    """Roles beside the person: shown here, granted by `fabrica-site grant`, which leaves an audit entry."""

    model = RoleGrant


@admin.register(Person)
class PersonAdmin(ReadOnly):
    """People."""

    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "terms_version", "terms_accepted_at"]
    inlines = [RoleInline]
    actions = ["lock_out", "let_in"]

    @admin.action(description=_("Lock out"), permissions=["view"])
    def lock_out(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        """Nobody chosen can sign in or use a token any more."""
        self._set_active(request, people, active=False)

    @admin.action(description=_("Let in again"), permissions=["view"])
    def let_in(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        """Everybody chosen can sign in again."""
        self._set_active(request, people, active=True)

    def _set_active(self, request: HttpRequest, people: QuerySet[Person], *, active: bool) -> None:
        for person in people:
            try:
                services.set_active(uid=person.uid, active=active, by=signed_in(request), now=utcnow())
            except Problem as problem:
                self.message_user(request, str(problem), messages.ERROR)


class MemberInline(ReadOnlyInline):
    """Members beside the organisation."""

    model = Member


@admin.register(Organisation)
class OrganisationAdmin(ReadOnly):
    """Organisations."""

    list_display = ["name", "country", "kind", "registered_at"]
    list_filter = ["kind", "country"]
    search_fields = ["name", "registration_number", "vat_number", "pic"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    inlines = [MemberInline]


@admin.register(SshKey)
class SshKeyAdmin(ReadOnly):
    """SSH keys, by fingerprint."""

    list_display = ["fingerprint", "kind", "person", "added_at"]
    search_fields = ["fingerprint", "person__email"]
    list_select_related = ["person"]


@admin.register(Identity)
class IdentityAdmin(ReadOnly):
    """Identities with what was told, and until when it counts; unlinked on the person's page of identities."""

    list_display = ["person", "provider_name", "home", "acr", "told_at", "ends_at"]
    search_fields = ["account__user__email", "account__user__name", "email", "home"]
    list_select_related = ["account__user"]
    fields = (
        "person", "provider_name", "issuer", "email", "home", "acr", "assurance", "affiliations",
        "linked_at", "told_at", "ends_at",
    )  # fmt: skip
    readonly_fields = (
        "person", "provider_name", "issuer", "email", "home", "acr", "assurance", "affiliations",
        "linked_at", "told_at", "ends_at",
    )  # fmt: skip

    @admin.display(description=_("person"))
    def person(self, identity: Identity) -> Person:
        """Who signs in with it."""
        found: Person = identity.account.user
        return found

    def view_on_site(self, identity: Identity) -> str:
        """Where it can be unlinked."""
        return reverse("people:identities_told", args=[identity.account.user.uid])
