"""Operators look after people, organisations and roles."""

from django.contrib import admin

from fabrica.people.models import Member, Organisation, Person, RoleGrant


class RoleInline(admin.TabularInline[RoleGrant, Person]):
    """Roles beside the person: shown here, granted by `fabrica-site grant`, which leaves an audit entry."""

    model = RoleGrant
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin[Person]):
    """People."""

    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "terms_version", "terms_accepted_at"]
    readonly_fields = ["terms_version", "terms_accepted_at"]
    inlines = [RoleInline]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False


class MemberInline(admin.TabularInline[Member, Organisation]):
    """Members beside the organisation."""

    model = Member
    extra = 0
    raw_id_fields = ["person"]


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    """Organisations."""

    list_display = ["name", "country", "kind", "registered_at"]
    list_filter = ["kind", "country"]
    search_fields = ["name", "registration_number"]
    inlines = [MemberInline]
