"""A mode's row, made ready for a call on one machine: sizes in GPU-hours, cut-offs as instants, its promise.

Nothing is guessed. What a call needs and the mode does not say is told by name; days are the published ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from fabrica.calls.engine.sentences import LABELS
from fabrica.calls.engine.terms import Terms, cut_off_days, terms_from
from fabrica.kit.errors import Refused

# The most working days that lie in one of them: what is true of these is true of every week and month.
MOST_WORKING_DAYS = {"working_day": 1, "week": 5, "month": 23}
SIZES = ("package", "size_at_most", "size_at_least", "size_above")
NEEDED = ("unit", "months", "opening", "clock")
TO_DO = "Make a version of the mode with the figures of your site; docs/operator/modes.md says how."


@dataclass(frozen=True)
class Promise:
    """Access within so many working days, weeks or months from the submission or from the cut-off."""

    at_most: int
    unit: str
    starts: str

    @property
    def working_days(self) -> int:
        """The promise in working days, or the most that it can be: for comparing, and for saying it in one word."""
        return self.at_most * MOST_WORKING_DAYS[self.unit]


def missing(terms: Terms) -> list[str]:
    """What a call needs and the mode does not say, by its name; a size has one of two."""
    found = [one for one in NEEDED if terms.value(one) is None]
    return found if any(terms.value(one) for one in ("package", "size_at_most")) else [*found, "size_at_most"]


def opened(row: Mapping[str, Any], *, gpus_per_node: Fraction, zone: str, now: datetime) -> dict[str, Any]:
    """The row as a call keeps it. `zone` is where a cut-off day without a time ends. Raises Refused."""
    terms = terms_from(row)
    _must_be_whole(terms)
    cut_offs = cut_offs_of(terms.value("opening"), zone)
    if terms.value("opening")["how"] == "cut_offs" and not any(one > now for one in cut_offs):
        raise Refused(
            f"A call of {terms.title} cannot be opened: its last cut-off has passed.",
            why=f"The last one that is known was on {cut_offs[-1]:%Y-%m-%d}; days are never computed.",
            todo="Make a version of the mode with the days that are published now.",
        )
    promised = promise_of(terms)
    return {
        **row,
        **_sizes(terms, gpus_per_node),
        "months": terms.value("months"),
        "access_working_days": promised.working_days,
        "promise": {"at_most": promised.at_most, "unit": promised.unit},
        "counts_from": promised.starts,
        "opening": terms.value("opening")["how"],
        "cut_offs": [one.isoformat() for one in cut_offs],
        "opened_with": {"gpus_per_node": str(gpus_per_node), "zone": zone},
    }


def _must_be_whole(terms: Terms) -> None:
    if lacks := missing(terms):
        names = ", ".join(LABELS[one].lower() for one in lacks)
        raise Refused(f"A call of {terms.title} cannot be opened: not known: {names}.", todo=TO_DO)
    systems = terms.value("systems") or 1
    if systems > 1:
        raise Refused(
            f"A call of {terms.title} cannot be opened on one machine.",
            why=f"One application may ask for {systems} systems at once; a call here gives the time of one machine.",
            todo="Open a call on each machine, of a version of the mode with one system in an application.",
        )


def promise_of(terms: Terms) -> Promise:
    """What the mode promises. Where nobody says from when it counts, the cut-off counts if there is one."""
    clock = terms.value("clock")
    by_cut_off = terms.value("opening")["how"] == "cut_offs"
    starts = clock["from"] if clock["from"] != "unknown" else "cut_off" if by_cut_off else "submission"
    return Promise(clock["at_most"], clock["unit"], starts if by_cut_off else "submission")


def _sizes(terms: Terms, gpus_per_node: Fraction) -> dict[str, Any]:
    """The sizes in GPU-hours, never beyond the mode's own: the least is rounded up, the most is rounded down."""
    factor = gpus_per_node if terms.value("unit") == "node_hour" else Fraction(1)
    least = terms.value("size_at_least") or terms.value("size_above") or 0
    most = terms.value("package") or terms.value("size_at_most")
    return {
        "gpu_hours_min": ceil(least * factor),
        "gpu_hours_max": floor(most * factor),
        "is_more_than_min": terms.value("size_above") is not None and terms.value("size_at_least") is None,
    }


def cut_offs_of(opening: Mapping[str, Any], zone: str) -> list[datetime]:
    """The published cut-offs as instants, in order; a day without a time lasts until its end in `zone`."""
    if opening["how"] == "first_come":
        return []
    if opening["time"] is None:
        days = [one + timedelta(days=1) for one in cut_off_days(opening)]
        return [_at(one, time.min, zone) for one in days]
    return [_at(one, time.fromisoformat(opening["time"]), opening["zone"]) for one in cut_off_days(opening)]


def _at(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
