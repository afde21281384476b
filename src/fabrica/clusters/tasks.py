"""The worker's part: ask each machine how busy it is, and read what its jobs used."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import TypeVar

from django.db.models import F, Q

from fabrica.clusters import queries, services
from fabrica.clusters.models import Machine, UsageMark
from fabrica.kit.errors import Problem

EVERY = timedelta(seconds=10)
TTL = timedelta(seconds=120)
BATCH = 1_000
One = TypeVar("One")


def observe(now: datetime) -> bool:
    """Ask one machine whose last answer is older than ten seconds; True when there was one."""
    stale = Q(load_at=None) | Q(load_at__lte=now - EVERY)
    machine = Machine.objects.filter(stale).order_by(F("load_at").asc(nulls_first=True)).first()
    if machine is None:
        return False
    try:
        load = queries.cluster_of(machine).load()
    except Problem:
        load = None
    services.record_load(machine=machine, load=load, now=now)
    return True


def meter(now: datetime) -> bool:
    """Read the accounting of one machine whose turn it is; True when there was one.

    It is read as a stream, some records at a time, each batch in a short transaction. Killed at any point and begun
    again it comes to the same: a record says what a start used in total. The watermark moves at the very end.
    """
    services.make_marks(now=now)
    mark = UsageMark.claim(queries.marks_due(now), now, TTL)
    if mark is None:
        return False
    begun = monotonic()
    try:
        cluster = queries.cluster_of(mark.machine)
        reading = services.begin_reading(mark=mark, since=queries.look_from(mark, now), now=now)
        for records in batches(cluster.usage(reading.since), BATCH):
            until = now + timedelta(seconds=monotonic() - begun) + TTL
            if not services.keep_usage(mark=mark, reading=reading, records=records, until=until):
                return True
        services.end_reading(mark=mark, reading=reading)
    except Problem as problem:
        services.break_off_reading(mark=mark, problem=problem, now=now)
    return True


def batches(rows: Iterable[One], most: int) -> Iterator[list[One]]:
    """The rows in lists of at most `most`, never more of them in memory."""
    rest = iter(rows)
    while batch := list(islice(rest, most)):
        yield batch
