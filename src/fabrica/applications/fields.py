"""Numbers as people write them: `7000`, `7,000`, `7 000`, and `1.5` or `1,5` hours."""

import re
from typing import Any

from django import forms

SPACES = re.compile(r"[\s\u00a0\u202f'\u2019]")
GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
GROUPED_WITH_DOTS = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?")
LONGEST = 30


def plain_number(typed: Any, *, whole: bool) -> Any:
    """A number without what groups its digits and with a dot before its decimals; what is no number stays as typed.

    `1.500` is a thousand and a half where a whole number is asked for, and one and a half where it is not.
    """
    if not isinstance(typed, str) or len(typed) > LONGEST:
        return typed
    bare = SPACES.sub("", typed)
    if GROUPED.fullmatch(bare):
        return bare.replace(",", "")
    if GROUPED_WITH_DOTS.fullmatch(bare) and (whole or "," in bare or bare.count(".") > 1):
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", ".")


class WholeNumberField(forms.IntegerField):
    """A whole number in a text box: a number box drops what it cannot read before anybody can be told."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        return super().to_python(plain_number(value, whole=True))


class HoursField(forms.DecimalField):
    """Hours with decimals in a text box, for the same reason."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Any:
        return super().to_python(plain_number(value, whole=False))
