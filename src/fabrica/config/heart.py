"""A worker's sign of life: every few seconds a thread writes that the process lives, what it does, and what it did."""

import logging
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import Error, close_old_connections, connections, transaction
from django.db.models import F, QuerySet

from fabrica import __version__
from fabrica.config.models import LoopTally, Worker
from fabrica.kit.ids import new_uid
from fabrica.kit.time import utcnow

log = logging.getLogger(__name__)
BEAT_SECONDS: Final = 10.0
ALIVE: Final = timedelta(seconds=60)
FORGOTTEN: Final = timedelta(days=1)


@dataclass
class Tally:
    """What a loop did since the last beat."""

    turns: int = 0
    found: int = 0
    failures: int = 0
    seconds: float = 0.0


@dataclass
class Heart:
    """What the worker's own thread notes, in memory, for the thread that writes it."""

    uid: str = field(default_factory=new_uid)
    started_at: datetime = field(default_factory=utcnow)
    _doing: tuple[str, datetime | None] = ("", None)
    _tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, loop: str, now: datetime) -> None:
        """A loop's turn begins."""
        self._doing = (loop, now)

    def end(self, loop: str, *, seconds: float, found: bool = False, failed: bool = False) -> None:
        """It ended."""
        with self._lock:
            tally = self._tallies[loop]
            tally.turns += 1
            tally.found += found
            tally.failures += failed
            tally.seconds += seconds
        self._doing = ("", None)

    def beat(self, now: datetime) -> None:
        """Write it down. What cannot be written now is written with the next beat. Raises django.db.Error."""
        with self._lock:
            taken, self._tallies = self._tallies, defaultdict(Tally)
        try:
            with transaction.atomic():
                self._write(now)
                for loop in sorted(taken):  # in one order, so that two workers never wait for each other
                    _add(loop, taken[loop])
        except Error:
            self._put_back(taken)
            raise

    def stop(self) -> None:
        """The worker was stopped: it is not missed."""
        Worker.objects.filter(uid=self.uid).delete()

    def _write(self, now: datetime) -> None:
        loop, since = self._doing
        row = {
            "host": socket.gethostname()[:100], "pid": os.getpid(), "version": __version__,
            "started_at": self.started_at, "seen_at": now, "doing": loop, "doing_since": since,
        }  # fmt: skip
        Worker.objects.update_or_create(uid=self.uid, defaults=row)
        Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()

    def _put_back(self, taken: dict[str, Tally]) -> None:
        with self._lock:
            for loop, tally in taken.items():
                newer = self._tallies[loop]
                newer.turns += tally.turns
                newer.found += tally.found
                newer.failures += tally.failures
                newer.seconds += tally.seconds


def _add(loop: str, tally: Tally) -> None:
    LoopTally.objects.get_or_create(loop=loop)
    LoopTally.objects.filter(loop=loop).update(
        turns=F("turns") + tally.turns,
        found=F("found") + tally.found,
        failures=F("failures") + tally.failures,
        milliseconds=F("milliseconds") + round(tally.seconds * 1000),
    )


def alive(now: datetime) -> QuerySet[Worker]:
    """The workers that wrote within the last minute."""
    return Worker.objects.filter(seen_at__gte=now - ALIVE).order_by("host", "pid")


@contextmanager
def beating(heart: Heart, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Let a heart beat in a thread of its own: a turn that takes an hour does not make a worker look dead."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(heart, stop, every), daemon=True, name="heart")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(BEAT_SECONDS)


def _beat_until(heart: Heart, stop: threading.Event, every: float) -> None:
    try:
        while True:
            stopped = stop.is_set()
            _try(heart, last=stopped)
            if stopped:
                return
            stop.wait(every)
    finally:
        connections.close_all()


def _try(heart: Heart, *, last: bool) -> None:
    try:
        heart.beat(utcnow())
        if last:
            heart.stop()
    except Error as error:
        log.warning("the worker's sign of life was not written: %s", error)
    close_old_connections()
