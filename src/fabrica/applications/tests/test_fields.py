"""Numbers as people write them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from fabrica.applications.fields import HoursField, WholeNumberField


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("7000", 7000), ("7,000", 7000), ("7 000", 7000), ("7\u202f000", 7000), ("7.000", 7000), ("7'000", 7000),
        ("1,234,567", 1_234_567), (" 12 ", 12), ("", None),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_however_their_digits_are_grouped(typed, read):
    assert WholeNumberField(required=False).clean(typed) == read


@pytest.mark.parametrize("typed", ["seven", "7e3", "1.5", "1,5", "70,05", "--7", "9" * 40, "NaN"])
def test_what_is_no_whole_number_is_refused(typed):
    with pytest.raises(ValidationError):
        WholeNumberField(max_value=10**9).clean(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("10", "10"), ("1.5", "1.5"), ("1,5", "1.5"), ("5,000", "5000"), ("5 000,25", "5000.25"), ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"), ("0,01", "0.01"),
    ],
)  # fmt: skip
def test_hours_are_read_with_a_comma_or_a_dot(typed, read):
    assert HoursField(decimal_places=2).clean(typed) == Decimal(read)


@pytest.mark.parametrize("typed", ["ten", "1.2.3", "Infinity", "NaN", "1.005", "-1"])
def test_what_is_no_number_of_hours_is_refused(typed):
    with pytest.raises(ValidationError):
        HoursField(decimal_places=2, min_value=Decimal(0)).clean(typed)
