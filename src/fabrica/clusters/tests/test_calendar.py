"""A site's calendar: who changes it, within which bounds, and what is read from it."""

from datetime import date

import pytest
from fabrica.audit.models import Entry
from fabrica.clusters import queries, services
from fabrica.clusters.models import ClosingDay, Site
from fabrica.kit.errors import NotAllowed, NotFound, Refused

WINTER = {"first": date(2026, 12, 28), "last": date(2026, 12, 30), "name": "Winter break"}


@pytest.fixture
def site(machine):
    return machine.site


def verbs(site):
    return [(one.verb, one.facts) for one in Entry.objects.filter(subject=f"site:{site.slug}", verb__contains="_")]


def test_closing_days_are_kept_once_told_to_the_audit_and_read_into_the_calendar(cast, site, now):
    made = services.close_days(site=site, **WINTER, by=cast.operator, now=now)
    again = services.close_days(
        site=site, first=date(2026, 12, 30), last=date(2026, 12, 31), name="x", by=cast.operator, now=now
    )
    assert ([one.day.day for one in made], [one.day.day for one in again]) == ([28, 29, 30], [31])
    assert queries.calendar_of(site).closed == {date(2026, 12, day) for day in (28, 29, 30, 31)}
    assert queries.calendars() == {site.pk: queries.calendar_of(site)}
    assert [facts for verb, facts in verbs(site) if verb == "site.close_days"] == [
        {"first": "2026-12-28", "last": "2026-12-30", "days": 3},
        {"first": "2026-12-30", "last": "2026-12-31", "days": 1},
    ]
    assert Site.objects.get().calendar_version == 3


def test_a_day_is_opened_again(cast, site, now):
    services.close_days(site=site, **WINTER, by=cast.operator, now=now)
    services.reopen_day(site=site, day=date(2026, 12, 29), by=cast.operator, now=now)
    assert queries.calendar_of(site).closed == {date(2026, 12, 28), date(2026, 12, 30)}
    with pytest.raises(NotFound):
        services.reopen_day(site=site, day=date(2026, 12, 29), by=cast.operator, now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"last": date(2026, 12, 27)},
        {"last": date(2027, 1, 28)},
        {"first": date(2024, 12, 30), "last": date(2024, 12, 30)},
        {"first": date(2032, 1, 1), "last": date(2032, 1, 1)},
        {"name": " "},
        {"name": "x" * 81},
    ],
)
def test_closing_days_out_of_bounds_are_refused(cast, site, now, changes):
    with pytest.raises(Refused):
        services.close_days(site=site, **{**WINTER, **changes}, by=cast.operator, now=now)
    assert not ClosingDay.objects.exists()


def test_a_site_is_never_closed_for_most_of_a_year(cast, site, now):
    for month in (1, 3):
        services.close_days(
            site=site, first=date(2027, month, 1), last=date(2027, month, 30), name="x", by=cast.operator, now=now
        )
    with pytest.raises(Refused, match="closed on 61 days of 2027"):
        services.close_days(
            site=site, first=date(2027, 12, 31), last=date(2028, 1, 2), name="x", by=cast.operator, now=now
        )
    assert ClosingDay.objects.count() == 60


def test_place_and_time_zone_are_the_operators_to_say(cast, site, now):
    told = {"time_zone": "Indian/Reunion", "subdivision": "974"}
    for _ in range(2):
        services.set_calendar(site=site, **told, by=cast.operator, now=now)
    found = queries.calendar_of(site)
    assert (found.zone.key, found.is_working(date(2026, 12, 20)), found.is_working(date(2027, 12, 20))) == (
        "Indian/Reunion", False, False,
    )  # fmt: skip
    assert [facts for verb, facts in verbs(site) if verb == "site.set_calendar"] == [told]


def test_a_site_that_says_nothing_lives_in_the_portals_time_zone(site, settings):
    settings.TIME_ZONE = "Europe/Helsinki"
    assert queries.calendar_of(site).zone.key == "Europe/Helsinki"


@pytest.mark.parametrize("told", [{"time_zone": "Mars/North"}, {"subdivision": "BY"}, {"time_zone": "../etc/passwd"}])
def test_places_nobody_knows_are_refused(cast, site, now, told):
    with pytest.raises(Refused):
        services.set_calendar(site=site, **{"time_zone": "", "subdivision": "", **told}, by=cast.operator, now=now)


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "outsider"])
def test_nobody_else_changes_a_calendar(cast, site, now, who):
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        services.close_days(site=site, **WINTER, by=by, now=now)
    with pytest.raises(NotAllowed):
        services.set_calendar(site=site, time_zone="", subdivision="", by=by, now=now)
    with pytest.raises(NotAllowed):
        services.reopen_day(site=site, day=WINTER["first"], by=by, now=now)


def test_however_many_sites_and_days_calendars_cost_two_statements(cast, site, now, django_assert_num_queries):
    services.close_days(site=site, **WINTER, by=cast.operator, now=now)
    for slug in ("two", "three"):
        other = services.register_site(slug=slug, name=slug, country="DE", by=cast.operator, now=now)
        services.close_days(site=other, **WINTER, by=cast.operator, now=now)
    with django_assert_num_queries(2):
        assert {len(one.closed) for one in queries.calendars().values()} == {3}
