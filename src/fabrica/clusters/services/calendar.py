"""Every write about a site's calendar: where it is, and when it is closed. Clocks are counted anew after each."""

from datetime import date, datetime, timedelta
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import F

from fabrica.audit.services import record
from fabrica.clusters.models import ClosingDay, Site
from fabrica.clusters.services.machines import must_operate
from fabrica.kit.calendar import subdivisions_of
from fabrica.kit.errors import NotFound, Refused
from fabrica.people.models import Person

MOST_AT_ONCE = 31
MOST_A_YEAR = 60
YEARS_AHEAD = 5
NAME_LIMIT = 80


@transaction.atomic
def set_calendar(*, site: Site, time_zone: str, subdivision: str, by: Person, now: datetime) -> None:
    """Say where a site is: its time zone (empty: the portal's) and part of the country. Raises NotAllowed, Refused."""
    must_operate(by)
    if time_zone and time_zone not in available_timezones():
        raise Refused(f"{time_zone[:64]} is no time zone.", todo="Use a name such as Europe/Paris.")
    known = subdivisions_of(site.country)
    if subdivision and subdivision not in known:
        raise Refused(
            f"The holidays of {site.country} know no part {subdivision[:10]}.",
            todo=f"Use one of: {', '.join(known)}." if known else "Leave it empty: the whole country has the same.",
        )
    wanted = {"time_zone": time_zone, "subdivision": subdivision}
    if Site.objects.filter(pk=site.pk).exclude(**wanted).update(**wanted):
        _changed(site)
        record(
            verb="site.set_calendar", by=by, subject=f"site:{site.slug}", now=now,
            time_zone=time_zone, subdivision=subdivision,
        )  # fmt: skip


@transaction.atomic
def close_days(*, site: Site, first: date, last: date, name: str, by: Person, now: datetime) -> list[ClosingDay]:
    """Close a site from `first` to `last`; returns the days that were not closed yet. Raises NotAllowed, Refused."""
    must_operate(by)
    _check(first, last, name, now.date())
    Site.objects.select_for_update().get(pk=site.pk)  # two operators at once do not pass the limit together
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    known = set(site.closing_days.filter(day__in=days).values_list("day", flat=True))
    fresh = [one for one in days if one not in known]
    for year in {one.year for one in fresh}:
        closed = site.closing_days.filter(day__year=year).count() + sum(one.year == year for one in fresh)
        if closed > MOST_A_YEAR:
            raise Refused(f"{site} would be closed on {closed} days of {year}.", why=f"At most {MOST_A_YEAR} are kept.")
    made = ClosingDay.objects.bulk_create(ClosingDay(site=site, day=one, name=name.strip()) for one in fresh)
    if made:
        _changed(site)
        told = {"first": first.isoformat(), "last": last.isoformat(), "days": len(made)}
        record(verb="site.close_days", by=by, subject=f"site:{site.slug}", now=now, **told)
    return made


def _check(first: date, last: date, name: str, today: date) -> None:
    if not 0 <= (last - first).days < MOST_AT_ONCE:
        raise Refused(f"Close 1 to {MOST_AT_ONCE} days at once, the first before the last.")
    if not today.year - 1 <= first.year <= last.year <= today.year + YEARS_AHEAD:
        raise Refused(f"Closing days lie between last year and {YEARS_AHEAD} years from now.")
    if not name.strip() or len(name.strip()) > NAME_LIMIT:
        raise Refused(f"Closing days need a name of at most {NAME_LIMIT} letters.", todo="Say why it is closed.")


@transaction.atomic
def reopen_day(*, site: Site, day: date, by: Person, now: datetime) -> None:
    """Let a site work on a day that was closed. Raises NotAllowed, NotFound."""
    must_operate(by)
    if not site.closing_days.filter(day=day).delete()[0]:
        raise NotFound(f"{site} is not closed on {day.isoformat()}.", todo="See its days with `clusters calendar`.")
    _changed(site)
    record(verb="site.reopen_day", by=by, subject=f"site:{site.slug}", now=now, day=day.isoformat())


def _changed(site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(calendar_version=F("calendar_version") + 1)
    site.refresh_from_db()
