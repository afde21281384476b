"""How long access took, for everybody to see: per mode, counted in the database. Nothing here names anybody."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call

SPAN = timedelta(days=365)
FEWEST = 5  # below, a figure would tell of single applicants
MOST_ROWS = 5_000  # a call has one row for each number of days; a row tells how many awards it stands for
MEDIAN, P95 = 50, 95
WHOLE = 100


@dataclass(frozen=True)
class AccessTime:
    """Working days from the first submission to the award in a mode, over `awards` awards of the last 12 months.

    Each is the least number of days within which half, or 95 %, of them had access, without time with the applicant.
    """

    mode: str
    title: str
    awards: int
    median_working_days: int
    p95_working_days: int


def access_times(now: datetime) -> list[AccessTime]:
    """One line for each mode that awarded at least five applications in the last 12 months, by key.

    Two statements: the days by call, which an index holds, then the calls' modes.
    """
    awarded = Application.objects.filter(
        state=State.AWARDED, decided_at__gt=now - SPAN, decided_at__lte=now, days_taken__isnull=False
    )
    rows = awarded.values_list("call", "days_taken").annotate(n=Count("pk")).order_by("call", "days_taken")
    counted: dict[str, dict[int, int]] = {}
    titles: dict[str, str] = {}
    found = list(rows[:MOST_ROWS])
    modes = Call.objects.in_bulk({call for call, _days, _n in found})
    for call, days, n in found:
        row = modes[call].mode_row
        of_mode = counted.setdefault(row["key"], {})
        of_mode[days] = of_mode.get(days, 0) + n
        titles[row["key"]] = row["title"]
    told = [_told(mode, titles[mode], counted[mode]) for mode in sorted(counted)]
    return [one for one in told if one.awards >= FEWEST]


def _told(mode: str, title: str, by_days: dict[int, int]) -> AccessTime:
    return AccessTime(mode, title, sum(by_days.values()), within(by_days, MEDIAN), within(by_days, P95))


def within(by_days: dict[int, int], percent: int) -> int:
    """The least number of days within which so many per cent lie (nearest rank)."""
    total, reached = sum(by_days.values()), 0
    for days in sorted(by_days):
        reached += by_days[days]
        if reached * WHOLE >= total * percent:
            return days
    raise ValueError("nothing was counted")


def as_json(now: datetime) -> dict[str, Any]:
    """The same as programs read it, with what it rests on."""
    return {
        "as_of": now, "from": now - SPAN, "fewest_awards": FEWEST, "unit": "working days",
        "modes": [asdict(one) for one in access_times(now)],
    }  # fmt: skip
