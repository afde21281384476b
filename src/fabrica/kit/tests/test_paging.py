import pytest
from fabrica.audit.models import Entry
from fabrica.kit.paging import PAGE_SIZE, page_of

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


def test_a_page_costs_one_query_wherever_it_lies(now, django_assert_num_queries):
    keys = fill(PAGE_SIZE + 5, now)
    for cursor in ("", str(keys[3])):
        with django_assert_num_queries(1):
            page_of(Entry.objects.all(), cursor)
