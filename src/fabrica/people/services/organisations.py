"""Writes about an organisation's own facts."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import rules
from fabrica.people.engine.numbers import checked_number, checked_pic, checked_vat, compact, name_key
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Kind, Sector

# What may be changed, and how long it may be.
LIMITS = {
    "name": 160, "kind": 20, "registration_number": 40, "legal_form": 80, "vat_number": 40, "pic": 20,
    "website": 200, "sector": 20,
}  # fmt: skip
NEEDED = ("name", "kind", "registration_number")


@transaction.atomic
def change_organisation(
    *, organisation: Organisation, values: Mapping[str, str], by: Person, now: datetime
) -> Organisation:
    """Change what its people say of it; what is not in `values` stays. The country stays: another one is another firm.

    Raises NotAllowed for all but its administrators, Refused for values that cannot be.
    """
    if not rules.can_manage(by, organisation):
        raise NotAllowed(_("Only an administrator of the organisation changes what stands here."))
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    plain = _checked({key: value.strip() for key, value in values.items()}, row)
    changed = sorted(key for key, value in plain.items() if getattr(row, key) != value)
    if not changed:
        return row
    for key in changed:
        setattr(row, key, plain[key])
    row.name_key, row.number_key = name_key(row.name), compact(row.registration_number)
    try:
        with transaction.atomic():
            row.save(update_fields=[*changed, "name_key", "number_key"])
    except IntegrityError as error:
        raise Refused(_("Another organisation has this name."), todo=_("Ask the officers, if it is yours.")) from error
    facts = {"fields": changed, **({"kind": row.kind} if "kind" in changed else {})}
    record(verb="organisation.change", by=by, subject=f"organisation:{row.uid}", now=now, **facts)
    return row


def _checked(values: dict[str, str], row: Organisation) -> dict[str, str]:
    """The values as they are kept. Raises Refused."""
    if unknown := sorted(set(values) - set(LIMITS)):
        raise Refused(
            _("%(name)s cannot be changed.") % {"name": unknown[0]},
            todo=_("Change some of: %(known)s.") % {"known": ", ".join(LIMITS)},
        )
    for key, value in values.items():
        if len(value) > LIMITS[key] or not value.isprintable():
            raise Refused(
                _("%(field)s is too long, or more than one line.") % {"field": key},
                why=_("%(most)s characters are the most.") % {"most": LIMITS[key]},
            )
        if key in NEEDED and not value:
            raise Refused(_("An organisation needs its legal name, kind and registration number."))
    # what was kept before there were checks stays, until somebody writes something else
    new = {key: value for key, value in values.items() if value != getattr(row, key)}
    return {**values, **{key: CHECKS[key](value, row) for key, value in new.items() if key in CHECKS}}


def _kind(value: str, _row: Organisation) -> str:
    return _one_of(value, Kind.values)


def _sector(value: str, _row: Organisation) -> str:
    return _one_of(value, ["", *Sector.values])


def _one_of(value: str, known: list[str]) -> str:
    if value not in known:
        raise Refused(
            _("%(value)s is not known here.") % {"value": value},
            todo=_("Use one of: %(known)s.") % {"known": ", ".join(filter(None, known))},
        )
    return value


def _registration_number(value: str, row: Organisation) -> str:
    number = checked_number(value, row.country)
    others = Organisation.objects.filter(country=row.country, number_key=compact(number)).exclude(pk=row.pk)
    if compact(number) and others.exists():
        raise Refused(_("Another organisation has this number."), todo=_("Ask the officers, if it is yours."))
    return number


def _website(value: str, _row: Organisation) -> str:
    address = value if "://" in value or not value else f"https://{value}"
    try:
        URLValidator(schemes=["https", "http"])(address or "https://example.org")
    except ValidationError as error:
        raise Refused(_("This is no address of a website."), todo=_("Write it as https://www.example.org.")) from error
    return address


CHECKS = {
    "kind": _kind,
    "sector": _sector,
    "registration_number": _registration_number,
    "vat_number": lambda value, row: checked_vat(value, row.country),
    "pic": lambda value, _row: checked_pic(value),
    "website": _website,
}
