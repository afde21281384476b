import pytest
from django.utils.translation import override

from fabrica.allocations.engine import hours
from fabrica.allocations.saying import told_hours


@pytest.mark.parametrize("gpu_seconds", [0, 36, 4443, 5000 * 3600, 5000 * 3600 + 1])
def test_english_tells_hours_as_they_are_kept(gpu_seconds: int) -> None:
    assert told_hours(gpu_seconds) == hours(gpu_seconds)


def test_french_tells_hours_with_its_own_comma_and_space() -> None:
    with override("fr"):
        assert told_hours(5000 * 3600 + 1800) == "5\u00a0000,50"
