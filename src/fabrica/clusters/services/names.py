"""Giving people their UNIX names."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from fabrica.audit.services import record
from fabrica.clusters.engine import check_template, check_unix_name, is_of_projects, unix_name
from fabrica.clusters.models import Site, UnixName
from fabrica.clusters.services.machines import must_operate
from fabrica.kit.errors import Refused
from fabrica.people.models import Person

TROUBLE_LENGTH = 500


@transaction.atomic
def assign_unix_name(*, site: Site, person: Person, now: datetime) -> UnixName:
    """The person's name at the site; the site's template makes it where there is none yet.

    Where what it makes is taken or no name at all, the row says so and stays without one until an operator chooses.
    """
    Site.objects.select_for_update().get(pk=site.pk)  # names of a site are given out one by one
    if found := _current(site, person):
        return found
    name = unix_name(site.unix_name_template, person.name, person.pk)
    trouble = ""
    try:
        check_unix_name(name)
        _check_free(site, person, name)
    except Refused as problem:
        name, trouble = "", str(problem)[:TROUBLE_LENGTH]
    made = UnixName.objects.create(site=site, person=person, name=name, trouble=trouble, assigned_at=now)
    if name:
        record(verb="unix_name.assign", by=None, subject=f"person:{person.uid}", now=now, site=site.slug)
    return made


@transaction.atomic
def change_unix_name(*, site: Site, person: Person, name: str, by: Person, now: datetime) -> UnixName:
    """Call the person this from now on; the name they had stays theirs. Raises NotAllowed, Refused."""
    must_operate(by)
    check_unix_name(name)
    Site.objects.select_for_update().get(pk=site.pk)
    current = _current(site, person)
    if current and current.name == name:
        return current
    _check_free(site, person, name)
    _retire(current, now)
    theirs = UnixName.objects.filter(site=site, person=person, name=name).first()
    made = theirs or UnixName(site=site, person=person, name=name)
    made.assigned_at, made.retired_at = now, None
    made.save()
    record(verb="unix_name.change", by=by, subject=f"person:{person.uid}", now=now, site=site.slug)
    return made


@transaction.atomic
def set_unix_name_template(*, site: Site, template: str, by: Person, now: datetime) -> None:
    """Make names by this from now on, also for those the one before could not name. Raises NotAllowed, Refused."""
    must_operate(by)
    check_template(template)
    Site.objects.filter(pk=site.pk).update(unix_name_template=template, names_checked_at=None)
    UnixName.objects.filter(site=site, name="").delete()
    record(verb="site.set_unix_names", by=by, subject=f"site:{site.slug}", now=now, template=template)


def note_named(*, site: Site, now: datetime) -> None:
    """Note that everybody who works at the site was given a name: a reading, not an act, so no audit entry."""
    Site.objects.filter(pk=site.pk).update(names_checked_at=now)


def _current(site: Site, person: Person) -> UnixName | None:
    return UnixName.objects.filter(site=site, person=person, retired_at=None).first()


def _retire(current: UnixName | None, now: datetime) -> None:
    if current is None:
        return
    if current.name:
        UnixName.objects.filter(pk=current.pk).update(retired_at=now)
    else:
        current.delete()


def _check_free(site: Site, person: Person, name: str) -> None:
    if is_of_projects(settings.FABRICA_UNIX_PROJECT_TEMPLATE, name):
        raise Refused(f"{name} is kept for what projects run as.", todo="Choose another.")
    if UnixName.objects.filter(site=site, name=name).exclude(person=person).exists():
        raise Refused(
            f"{name} is taken at {site.name}, or was somebody's before.",
            todo=f"Choose another with `fabrica-site clusters name {site.slug} EMAIL NAME`.",
        )
