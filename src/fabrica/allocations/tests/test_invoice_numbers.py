"""Two processes issue at once on one database: every number once, none missing, each hour billed once."""

import pytest
from fabrica.allocations.tests.test_concurrency import both, contenders, template  # noqa: F401 - fixtures

pytestmark = [pytest.mark.database, pytest.mark.long]


def test_two_officers_issue_at_once_and_no_number_is_missing_or_given_twice(contenders):  # noqa: F811
    first, second = contenders
    first.ask("fund", keys=["sold"], gpu_seconds=40_000)
    slugs = first.ask("sell", count=8)
    # both bill all awards, one from the front, one from the back: each award once
    made = both(contenders, {"verb": "bill", "slugs": slugs}, {"verb": "bill", "slugs": slugs[::-1]})
    assert (sum(made), second.ask("numbers")) == (8, list(range(1, 9)))
    assert second.ask("report")["problems"] == []
