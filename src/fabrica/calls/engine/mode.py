"""An access mode as a call works with it, read from the row that the call keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from fabrica.calls.engine.opening import Promise
from fabrica.kit.facts import Source, source_of


@dataclass(frozen=True)
class Mode:
    """An access mode as a call works with it. Sizes in GPU-hours, durations in months.

    `access_working_days` is what the promise is, or at most can be, in working days; `promise` is the promise itself.
    `is_more_than_min` tells `more than` from `at least`; `gpus_per_node` what a node-hour was counted as.
    """

    key: str
    code: str
    title: str
    for_whom: str
    gpu_hours_min: int
    gpu_hours_max: int
    months: tuple[int, ...]
    access_working_days: int
    source: Source
    promise: Promise
    is_more_than_min: bool = False
    cut_offs: tuple[datetime, ...] = ()
    gpus_per_node: Fraction | None = None

    def cut_off_after(self, at: datetime) -> datetime | None:
        """The cut-off that something handed in at a moment counts for; None after the last, or without any."""
        return next((one for one in self.cut_offs if one > at), None)

    def counts_from(self, submitted_at: datetime) -> datetime:
        """When the promise begins to count for what was handed in at a moment: the last instant before its cut-off.

        A cut-off without a time is the end of its day: the day after is the first that counts, not the second.
        """
        first = self.cut_off_after(submitted_at) if self.promise.starts == "cut_off" else None
        return first - timedelta(microseconds=1) if first else submitted_at

    def is_too_small(self, hours: Fraction) -> bool:
        """Whether so many GPU-hours are less than it is for."""
        return hours <= self.gpu_hours_min if self.is_more_than_min else hours < self.gpu_hours_min


def mode_from(row: Mapping[str, Any]) -> Mode:
    """A mode from its row. Raises ValueError where a fact is missing or makes no sense."""
    try:
        mode = Mode(
            key=row["key"],
            code=row["code"],
            title=row["title"],
            for_whom=row["for_whom"],
            gpu_hours_min=int(row["gpu_hours_min"]),
            gpu_hours_max=int(row["gpu_hours_max"]),
            months=tuple(row["months"]),
            access_working_days=int(row["access_working_days"]),
            source=source_of(dict(row)),
            promise=_promise(row),
            is_more_than_min=bool(row.get("is_more_than_min")),
            cut_offs=tuple(datetime.fromisoformat(one) for one in row.get("cut_offs", ())),
            gpus_per_node=_node(row),
        )
    except KeyError as missing:
        raise ValueError(f"a mode without {missing}: {row}") from missing
    if not (0 <= mode.gpu_hours_min < mode.gpu_hours_max and mode.months and mode.access_working_days > 0):
        raise ValueError(f"a mode whose figures make no sense: {row}")
    return mode


def _promise(row: Mapping[str, Any]) -> Promise:
    """The promise of a row; calls of before it was kept count working days from the submission."""
    told = row.get("promise") or {"at_most": int(row["access_working_days"]), "unit": "working_day"}
    return Promise(told["at_most"], told["unit"], row.get("counts_from", "submission"))


def _node(row: Mapping[str, Any]) -> Fraction | None:
    """What a node-hour is in GPU-hours, for rows that were counted in node-hours."""
    unit = next((one["value"] for one in row.get("facts", ()) if one["id"] == "unit"), None)
    return Fraction(row["opened_with"]["gpus_per_node"]) if unit == "node_hour" and "opened_with" in row else None
