"""By when a report about a model is decided: dated data with its source."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from fabrica.kit.facts import Source, load, source_of
from fabrica.registry.states import ReportKind

WARN_PERCENT = 80


@dataclass(frozen=True)
class Clock:
    """How many days a kind of report has from when it came in, since when that holds, and where it stands."""

    kind: ReportKind
    days: int
    applies_from: date
    article: str
    article_fr: str
    source: Source

    def article_in(self, language: str | None) -> str:
        """Where the days stand, in the reader's language; empty for what this site promises by itself."""
        return self.article_fr if (language or "").startswith("fr") else self.article

    def due_at(self, received_at: datetime) -> datetime:
        """By when it is to be decided."""
        return received_at + timedelta(days=self.days)

    def warn_at(self, received_at: datetime) -> datetime:
        """When four fifths of the time are over."""
        return received_at + timedelta(days=self.days) * WARN_PERCENT / 100


@cache
def clocks() -> tuple[Clock, ...]:
    """Every clock of the data file. Raises ValueError for a file without a kind, a source or an article's French."""
    rows = load("fabrica.registry", "report-clocks.json")["clocks"]
    found = tuple(
        Clock(
            ReportKind(one["kind"]),
            int(one["days"]),
            date.fromisoformat(one["applies_from"]),
            one["article"],
            one["article_fr"],
            source_of(one),
        )
        for one in rows
    )
    if {one.kind for one in found} != set(ReportKind):
        raise ValueError("report-clocks.json must have each kind of report")
    if odd := [one.kind for one in found if bool(one.article) != bool(one.article_fr)]:
        raise ValueError(f"report-clocks.json names an article in one language only: {odd}")
    return found


def clock_of(kind: ReportKind, day: date) -> Clock:
    """The clock of a kind that holds on a day: the latest that had begun by then, else the first there ever was."""
    own = sorted((one for one in clocks() if one.kind == kind), key=lambda one: one.applies_from)
    return next((one for one in reversed(own) if one.applies_from <= day), own[0])
