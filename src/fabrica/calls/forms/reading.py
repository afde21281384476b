"""Lists that operators type: months, days. What cannot be read is named, and stays typed."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from fabrica.calls.engine.figures import MOST_DATES, MOST_MONTHS

LONGEST = 60
SEPARATORS = re.compile(r"[\s,;]+")


class MonthsField(forms.CharField):
    """Durations to choose from: `1, 2, 3` becomes the list of them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        parts = [one for one in SEPARATORS.split(typed) if one]
        wrong = [one for one in parts if not re.fullmatch(r"[0-9]{1,2}", one) or not 0 < int(one) <= MOST_MONTHS]
        if wrong or not parts:
            told = _("Write whole months, such as 1, 2, 3; at most %(most)s. This cannot be read: %(wrong)s")
            raise ValidationError(told, params={"most": MOST_MONTHS, "wrong": ", ".join(wrong)[:LONGEST] or "–"})
        return sorted({int(one) for one in parts})


class DaysField(forms.CharField):
    """Published days, one on each line: a list of them in order, as year-month-day."""

    widget = forms.Textarea({"rows": 6})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=5_000, **kwargs)

    def clean(self, value: Any) -> Any:
        parts = [one for one in SEPARATORS.split(super().clean(value)) if one]
        days = {one: _day(one) for one in parts}
        if wrong := [one for one, day in days.items() if day is None]:
            told = _("Write each day as year-month-day, such as 2027-01-29. This cannot be read: %(wrong)s")
            raise ValidationError(told, params={"wrong": ", ".join(wrong)[:LONGEST]})
        if len(days) > MOST_DATES:
            raise ValidationError(_("At most %(most)s days."), params={"most": MOST_DATES})
        return sorted({day.isoformat() for day in days.values() if day is not None})


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if re.fullmatch(r"\d{4}-\d\d-\d\d", typed) else None
    except ValueError:
        return None
