from datetime import timedelta

import pytest
from fabrica.audit.models import Entry
from fabrica.kit.paging import PAGE_SIZE, page_by, page_of

pytestmark = pytest.mark.django_db


def fill(count, now):
    return [Entry.objects.create(at=now, verb="x.y", subject=f"n:{number}").pk for number in range(count)]


def walk(size):
    cursor, pages = "", []
    while True:
        page = page_of(Entry.objects.all(), cursor, size)
        pages.append([row.pk for row in page.rows])
        if not page.next_cursor:
            return pages
        cursor = page.next_cursor


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_walking_the_pages_meets_every_row_once_newest_first(now, count, size):
    keys = fill(count, now)
    pages = walk(size)
    assert [key for page in pages for key in page] == keys[::-1]
    assert len(pages) == max(1, -(-count // size))


def test_rows_that_arrive_while_walking_shift_nothing(now):
    keys = fill(4, now)
    first = page_of(Entry.objects.all(), "", 2)
    fill(3, now)
    second = page_of(Entry.objects.all(), first.next_cursor, 2)
    assert [row.pk for row in (*first.rows, *second.rows)] == keys[::-1]


@pytest.mark.parametrize("cursor", ["", "junk", "-1", "1.5", "१२", "²", "' OR 1=1"])
def test_a_cursor_that_is_no_number_starts_afresh(now, cursor):
    keys = fill(3, now)
    assert [row.pk for row in page_of(Entry.objects.all(), cursor, 2).rows] == keys[:0:-1]


def test_a_cursor_longer_than_a_key_can_be_crashes_nothing(now):
    keys = fill(2, now)
    assert [row.pk for row in page_of(Entry.objects.all(), "9" * 400).rows] == keys[::-1]


def test_a_page_costs_two_queries_wherever_it_lies(now, django_assert_num_queries):
    keys = fill(PAGE_SIZE + 5, now)
    for cursor in ("", str(keys[3]), f"~{keys[3]}"):
        with django_assert_num_queries(2):
            page_of(Entry.objects.all(), cursor)


def walk_by(size, turn, *, descending=False):
    """Every page by time from one end to the other, `turn` naming the cursor to follow from there."""
    page = page_by(Entry.objects.all(), "at", "", size, descending=descending)
    while page.next_cursor and turn == "previous_cursor":
        page = page_by(Entry.objects.all(), "at", page.next_cursor, size, descending=descending)
    pages = [[row.pk for row in page.rows]]
    while getattr(page, turn):
        page = page_by(Entry.objects.all(), "at", getattr(page, turn), size, descending=descending)
        pages.append([row.pk for row in page.rows])
    return pages


def fill_twice(now):
    """Six entries of three moments, two of each, in no order of time."""
    return [
        Entry.objects.create(at=now + timedelta(microseconds=late), verb="x.y", subject="n:1").pk
        for late in (2, 0, 1, 1, 0, 2)
    ]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 7])
def test_walking_by_time_meets_every_row_once_also_where_times_are_equal(now, size, descending):
    one, two, three, four, five, six = fill_twice(now)
    order = [two, five, three, four, one, six]
    wanted = order[::-1] if descending else order
    assert [key for page in walk_by(size, "next_cursor", descending=descending) for key in page] == wanted


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 7])
def test_the_way_back_shows_the_pages_of_the_way_there(now, size):
    fill_twice(now)
    assert walk_by(size, "previous_cursor") == walk_by(size, "next_cursor")[::-1]


def test_going_back_to_what_is_gone_shows_the_first_page(now):
    keys = fill(4, now)
    second = page_of(Entry.objects.all(), page_of(Entry.objects.all(), "", 2).next_cursor, 2)
    Entry.objects.filter(pk__in=keys[2:]).delete()
    first = page_of(Entry.objects.all(), second.previous_cursor, 2)
    assert ([row.pk for row in first.rows], first.previous_cursor) == ([keys[1], keys[0]], "")


def test_going_on_after_the_last_row_ends_there(now):
    keys = fill(2, now)
    page = page_of(Entry.objects.all(), str(keys[0]), 2)
    assert (list(page.rows), page.next_cursor, page.previous_cursor) == ([], "", "")


@pytest.mark.parametrize("cursor", ["", "~", "_", "~_", "7", "1_", "_1", "a_1", "1_\u0967", "1e9_3"])
def test_a_cursor_that_names_no_moment_and_key_starts_afresh(now, cursor):
    fill_twice(now)
    page = page_by(Entry.objects.all(), "at", cursor, 2)
    assert page == page_by(Entry.objects.all(), "at", "", 2)


def test_a_cursor_of_more_digits_than_a_moment_has_crashes_nothing(now):
    fill_twice(now)
    assert list(page_by(Entry.objects.all(), "at", f"{'9' * 400}_{'9' * 400}").rows) == []
