"""A million records of a machine's accounting, through the meter into the ledger, on the database of DATABASE_URL."""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fabrica.allocations import services as allocations
from fabrica.allocations import tasks as booking
from fabrica.allocations.models import JobBooking
from fabrica.allocations.queries import check_ledger
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.clusters import queries as clusters
from fabrica.clusters import tasks as metering
from fabrica.clusters.adapters.port import JobState, UsageRecord
from fabrica.clusters.engine.counting import Counting
from fabrica.clusters.models import JobUsage, Machine
from fabrica.people.models import Organisation, Person

RECORDS = 1_000_000
ACCOUNTS = 200
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPAN_SECONDS = 30 * 86_400
HOUR = 3_600


@dataclass(frozen=True)
class Replay:
    """How long each half took, and by how much the most memory ever used grew."""

    records: int
    read_seconds: float
    book_seconds: float
    again_seconds: float
    grown_bytes: int

    @property
    def seconds(self) -> float:
        return self.read_seconds + self.book_seconds


class Accounting:
    """Tells `total` ended jobs of the last 30 days, made as they are asked for; the same ones each time."""

    counting = Counting()

    def __init__(self, accounts: list[str], total: int) -> None:
        self.accounts, self.total = accounts, total

    def usage(self, _since: datetime) -> Iterator[UsageRecord]:
        """The records, oldest start first."""
        start = NOW - timedelta(seconds=SPAN_SECONDS)
        for number in range(self.total):
            started = start + timedelta(seconds=number * SPAN_SECONDS // self.total)
            seconds, devices = 60 + number % 541, 1 + number % 8
            account = self.accounts[number * 7 % len(self.accounts)]
            yield UsageRecord(
                str(number), "", account, devices, started, started + timedelta(seconds=seconds), devices * seconds,
                JobState.COMPLETED, "user", started, 500 * seconds,
            )  # fmt: skip


def replay(machine: Machine, accounts: list[str], total: int) -> Replay:
    """Read and book `total` records of a machine, then read them all again. Raises AssertionError if a sum is off."""
    cluster: Any = Accounting(accounts, total)
    clusters.serve(machine.adapter, lambda _machine: cluster)
    before = _peak_bytes()
    read = _timed(lambda: metering.meter(NOW))
    book = _timed(_book_all)
    again = _timed(lambda: metering.meter(NOW + timedelta(days=2)))
    rows = JobUsage.objects.filter(machine=machine)
    _must(rows.count() == JobBooking.objects.filter(machine=machine).count() == total, "a record was lost or doubled")
    _must(not booking.meter_book(NOW), "something was not booked")
    _must(check_ledger() == [], "the ledger does not hold")
    return Replay(total, read, book, again, _peak_bytes() - before)


def _must(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a check
    if not holds:
        raise AssertionError(otherwise)


def _book_all() -> None:
    while booking.meter_book(NOW):
        pass


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def awards(call: Call, officer: Person, total: int) -> list[str]:
    """So many awards on the call's machine, and the names of their accounts."""
    machine, now = call.machine, NOW - timedelta(seconds=SPAN_SECONDS)
    allocations.fund(machine=machine, gpu_seconds=10**12, key="bench", by=officer, now=now)
    firm = Organisation.objects.create(
        name="Bench", country="FR", kind="startup", registration_number="FR", registered_at=now
    )
    applicant = Person.objects.create(email="applicant@bench.example", name="Applicant")
    names = []
    for number in range(total):
        application = Application.objects.create(
            code=f"AIF-USAGE-{number}", call=call, organisation=firm, applicant=applicant, title=f"Usage {number}",
            state=State.ASSESSED, created_at=now, saved_at=now, submitted_at=now,
            gpu_seconds_requested=1_000 * HOUR, months=3,
        )  # fmt: skip
        made = allocations.award(application=application, gpu_seconds=1_000 * HOUR, months=3, by=officer, now=now)
        names.append(made.account_name)
    return names
