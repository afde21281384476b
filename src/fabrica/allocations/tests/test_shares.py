"""How pools and caps stand on a day, for officers and programs."""

import csv
import io
from datetime import date, timedelta

import pytest
from fabrica.allocations import services
from fabrica.allocations.models import Award
from fabrica.allocations.queries import shares_for
from fabrica.allocations.queries.shares import COLUMNS, shares, to_csv
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.allocations.tests.years import HOUR, parted
from fabrica.clusters import services as clusters
from fabrica.kit.errors import NotAllowed

TODAY = date(2026, 11, 23)
NAMES = ("gpu_seconds", "granted", "used", "held", "unused", "written_off", "left")


def told(day=TODAY):
    return {one.name or one.kind: tuple(getattr(one, name) // 3_600 for name in NAMES) for one in shares(day)}


@pytest.fixture
def year(cast, call, machine, now):
    """Five hours awarded, of which one is used and two are held."""
    made = parted(cast, machine, now)
    award = awarded(cast, call, now, 5 * HOUR)
    services.hold(award=award, gpu_seconds=2 * HOUR, hold_key="run", now=now)
    services.spend(award=award, gpu_seconds=HOUR, hold_key="none", key="one", now=now)
    return made


def test_each_pool_and_cap_tells_what_was_granted_and_what_is_left(year):
    assert told() == {
        "union_aif_industrial": (21, 5, 1, 2, 2, 0, 16), "union_aif_science": (17, 0, 0, 0, 0, 0, 17),
        "fast-lane+playground": (7, 5, 1, 2, 2, 0, 2), "union_commercial": (14, 0, 0, 0, 0, 0, 14),
        "national": (20, 0, 0, 0, 0, 0, 20), "directors_reserve": (10, 0, 0, 0, 0, 0, 10),
    }  # fmt: skip


def test_pools_come_before_caps_with_their_sources(year):
    found = shares(TODAY)
    assert [one.kind for one in found] == ["pool"] * 5 + ["cap"] * 4
    assert (found[0].title, found[0].gpu_seconds, found[0].left) == (
        "Union share for industrial innovation", 50 * HOUR, 45 * HOUR,
    )  # fmt: skip
    assert (found[0].source.text, found[-1].source.confidence) == ("The site's plan for the year", "A")


def test_what_was_used_beyond_an_award_counts_on_the_pool_and_on_no_cap(year, call, now):
    award = awarded_of(call)
    services.spend(award=award, gpu_seconds=5 * HOUR, hold_key="run", key="two", now=now)
    industrial = next(one for one in shares(TODAY) if one.name == "union_aif_industrial" and one.kind == "pool")
    assert tuple(getattr(industrial, name) // HOUR for name in NAMES) == (50, 5, 5, 0, 0, 1, 44)
    assert told()["fast-lane+playground"] == (7, 5, 5, 0, 0, 0, 2)


def awarded_of(call):
    return Award.objects.select_related("project", "machine").get(application__call=call)


def test_an_award_from_two_pools_fills_the_first_one_first(cast, call, machine, now):
    fund(cast, machine, now, 10 * HOUR)
    award = awarded(cast, call, now, 2 * HOUR)
    parted(cast, machine, now)
    services.top_up(award=award, gpu_seconds=3 * HOUR, key="a", by=cast.officer, now=now)
    services.spend(award=award, gpu_seconds=3 * HOUR, hold_key="none", key="one", now=now)
    assert (told()["undivided"], told()["fast-lane+playground"]) == ((2, 2, 2, 0, 0, 0, 0), (7, 3, 1, 0, 2, 0, 4))


def test_what_came_back_is_not_granted_any_more(cast, year, call, now):
    services.revoke(award=awarded_of(call), by=cast.officer, now=now + timedelta(hours=1), reason="Over.")
    assert told()["fast-lane+playground"] == (7, 3, 1, 2, 0, 0, 4)


def test_another_day_tells_of_its_own_year(cast, machine, year, now):
    parted(cast, machine, now, hours=10, **{"from": "2027-01-01", "until": "2028-01-01"})
    assert told(date(2027, 1, 1))["national"] == (2, 0, 0, 0, 0, 0, 2)
    assert told(date(2025, 1, 1)) == {}


def test_the_statements_do_not_grow_with_awards_and_machines(cast, call, year, machine, now, django_assert_num_queries):
    with django_assert_num_queries(9):
        shares(TODAY)
    other = clusters.register_machine(
        site=machine.site, slug="two", name="Two", adapter="fake", device="cpu", devices_total=2, by=cast.operator,
        now=now,
    )  # fmt: skip
    parted(cast, other, now)
    awarded(cast, call, now, HOUR)
    with django_assert_num_queries(9):
        assert [one.machine for one in shares(TODAY)] == ["one"] * 9 + ["two"] * 9


def test_the_file_for_a_spreadsheet_has_hours(year):
    rows = list(csv.reader(io.StringIO(to_csv(shares(TODAY)))))
    assert tuple(rows[0]) == COLUMNS
    assert COLUMNS[6:13] == (
        "gpu_hours", "granted_gpu_hours", "used_gpu_hours", "held_gpu_hours", "unused_gpu_hours",
        "written_off_gpu_hours", "left_gpu_hours",
    )  # fmt: skip
    assert rows[1][:13] == [
        "one", "2026-01-01", "2027-01-01", "pool", "union_aif_industrial", "Union share for industrial innovation",
        "50.0000", "5.0000", "1.0000", "2.0000", "2.0000", "0.0000", "45.0000",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["applicant", "assessor", "provider", "outsider"])
def test_others_do_not_see_them(cast, year, who):
    with pytest.raises(NotAllowed):
        shares_for(getattr(cast, who), TODAY)
