"""Accounting years for tests, read from the words of a file as an operator writes it."""

import json

from fabrica.allocations import services
from fabrica.allocations.engine.years import read_year

HOUR = 3_600
PARTS = {"union_aif_industrial": 50, "union_aif_science": 10, "union_commercial": 10, "national": 20,
         "directors_reserve": 10}  # fmt: skip


def text(hours=100, parts=PARTS, **changes):
    """A file for 2026; its Union share is 70 % of the hours."""
    told = {
        "format": "fabrica-pools/1", "from": "2026-01-01", "until": "2027-01-01", "hours": hours,
        "source": "The site's plan for the year", "checked_on": "2026-11-01", "confidence": "A",
        "pools": [{"id": name, "percent": percent} for name, percent in parts.items()], **changes,
    }  # fmt: skip
    return json.dumps(told)


def cap(name, percent, **changes):
    return {"id": name, "pools": ["union_aif_industrial"], "percent": percent, "source": "The site's board",
            "checked_on": "2026-11-01", "confidence": "A", **changes}  # fmt: skip


def parted(cast, machine, now, **changes):
    """The machine with an accounting year."""
    return services.set_year(machine=machine, year=read_year(text(**changes)), by=cast.operator, now=now)
