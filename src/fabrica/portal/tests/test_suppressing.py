"""What everybody may read: no small count, and none that could be worked out."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.test import Client
from fabrica.applications.tests.factories import submitted
from fabrica.portal.queries.kpis import ORDER, Kpi
from fabrica.portal.suppressing import COUNTS, FEWEST, suppressed
from hypothesis import given
from hypothesis import strategies as st

EMPTY = Kpi("all", "", 0, 0, 0, 0, 0, 0, 0, None, None, 0.0, 0.0, 0.0, None, 0)


def row(group, value, awarded, **changes):
    return replace(
        EMPTY, group=group, value=value, submitted=awarded, eligible=awarded, awarded=awarded,
        access_working_days_median=1.0, access_working_days_p95=2.0, gpu_hours_awarded=10.0 * awarded, **changes,
    )  # fmt: skip


def told(rows, column="awarded"):
    return {(one.group, one.value): one.figures[column] for one in suppressed(rows)}


def test_a_small_group_is_not_told_nor_the_next_one_that_would_tell_it():
    rows = [row("all", "", 29), row("country", "BE", 3), row("country", "FR", 20), row("country", "IT", 6)]
    assert told(rows) == {("all", ""): 29, ("country", "BE"): None, ("country", "FR"): 20, ("country", "IT"): None}
    assert told(rows, "gpu_hours_awarded")["country", "IT"] is None
    assert told(rows, "access_working_days_median") == {
        ("all", ""): 1.0, ("country", "BE"): None, ("country", "FR"): 1.0, ("country", "IT"): None,
    }  # fmt: skip


def test_nothing_of_a_small_site_is_told_and_none_is_told():
    assert told([row("all", "", 4)]) == {("all", ""): None}
    assert told([row("all", "", 5)]) == {("all", ""): 5}
    assert told([row("all", "", 0)]) == {("all", ""): 0}


@pytest.mark.parametrize(("small", "shown"), [(10, 10), (0, 0), (17, None), (3, None), (20, 20)])
def test_small_firms_are_told_of_all_only_where_neither_they_nor_the_others_are_few(small, shown):
    kinds = [row("kind", "large", 20 - small), row("kind", "sme", small)]
    assert told([row("all", "", 20, small_awarded=small), *kinds], "small_awarded")["all", ""] == shown


def test_small_firms_of_all_do_not_tell_the_one_kind_that_is_hidden():
    kinds = [row("kind", "large", 6), row("kind", "sme", 8), row("kind", "startup", 3), row("kind", "public", 30)]
    found = told([row("all", "", 47, small_awarded=11), *kinds])
    assert (found["kind", "startup"], found["kind", "large"], found["kind", "sme"]) == (None, None, 8)
    assert told([row("all", "", 47, small_awarded=11), *kinds], "small_awarded")["all", ""] is None


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8))
def test_no_hidden_count_follows_from_the_total_and_what_is_told(counts):
    rows = [row("all", "", sum(counts)), *(row("country", f"{at:02}", one) for at, one in enumerate(counts))]
    found = suppressed(rows)
    for column in COUNTS:
        total, *groups = [one.figures[column] for one in found]
        assert all(one is None or one == 0 or one >= FEWEST for one in (total, *groups))
        hidden = [counts[at] for at, one in enumerate(groups) if one is None]
        assert total is None or not hidden or (len(hidden) > 1 and sum(hidden) >= FEWEST)


def test_all_years_hide_what_one_year_hides_and_what_would_tell_it():
    first = [row("all", "", 22), row("country", "FR", 20), row("country", "LU", 2)]
    second = [row("all", "", 46), row("country", "FR", 10), row("country", "IT", 30), row("country", "LU", 6)]
    both = [row("all", "", 68), row("country", "FR", 30), row("country", "IT", 30), row("country", "LU", 8)]
    found = suppressed(both, years=[suppressed(first), suppressed(second)])
    assert {(one.group, one.value): one.figures["awarded"] for one in found} == {
        ("all", ""): 68, ("country", "FR"): None, ("country", "IT"): 30, ("country", "LU"): None,
    }  # fmt: skip


def test_hours_are_not_told_where_the_public_list_leaves_few_awards_to_subtract():
    rows = [row("all", "", 30), row("country", "BE", 8), row("country", "FR", 12), row("country", "IT", 10)]
    listed = {("all", ""): 10, ("country", "BE"): 6, ("country", "IT"): 4}
    assert {one.value: one.figures["gpu_hours_awarded"] for one in suppressed(rows, listed)} == {
        "": 300.0, "BE": None, "FR": 120.0, "IT": None,
    }  # fmt: skip
    assert {one.value: one.figures["awarded"] for one in suppressed(rows, listed)}["BE"] == 8


def test_groups_keep_their_order():
    rows = [row(group, "x", 9) for group in ORDER]
    assert [one.group for one in suppressed(rows)] == list(ORDER)


def test_everybody_reads_the_page_and_the_file_and_is_told_what_is_left_out(cast, call, now):
    cache.clear()
    for _ in range(4):
        submitted(cast, call, now)
    page = Client().get("/figures/")
    assert (page.status_code, "Counts below 5 are not told" in page.content.decode()) == (200, True)
    file = Client().get("/figures.json?year=2026").json()
    assert (file["year"], file["rows"][0]["submitted"], "submitted" in file["rows"][0]["hidden"]) == (
        "2026",
        None,
        True,
    )
    cache.clear()
    submitted(cast, call, now)
    assert Client().get("/figures.json?year=x").json()["rows"][0]["submitted"] == 5
