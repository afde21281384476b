"""A machine whose accounting is written by hand, record by record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.adapters.port import JobState, UsageRecord
from fabrica.kit.errors import Unreachable

HOUR = 3_600


def at(text: str) -> datetime:
    """`11-23 09:00` of 2026, in UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def job(job_id: str, start: str, end: str | None, gpu_seconds: int, **changes) -> UsageRecord:
    """A start of a job on one device of the account `novalis`, not submitted by the portal."""
    state = JobState.COMPLETED if end else JobState.RUNNING
    made = UsageRecord(job_id, "", "novalis", 1, at(start), at(end) if end else None, gpu_seconds, state)
    return replace(made, **changes)


class Accounting(FakeCluster):
    """Tells `records`, as the port says: what runs, and what ended at or after `since`.

    `breaks_after` so many records it no longer answers; `known_at` tells when the end of a job became known.
    """

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.records: list[UsageRecord] = []
        self.breaks_after: int | None = None
        self.asked: list[datetime] = []

    def usage(self, since: datetime):
        self._call()
        self.asked.append(since)
        told = [one for one in self.records if one.ended_at is None or one.ended_at >= since]
        for number, one in enumerate(told):
            if number == self.breaks_after:
                raise Unreachable("The machine's accounting stopped in the middle.")
            yield one

    def say(self, *records: UsageRecord) -> None:
        """Replace what is told of these starts, or add them."""
        fresh = {one.key: one for one in records}
        self.records = [one for one in self.records if one.key not in fresh] + list(records)

    def ago(self, since: datetime) -> timedelta:
        """How far back the last look went."""
        return since - self.asked[-1]
