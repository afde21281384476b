"""`fabrica-site work`: small loops over rows, until told to stop. Several may run; any may be killed at any instant."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import close_old_connections

from fabrica.config.heart import Heart
from fabrica.kit.database import trouble_of
from fabrica.kit.errors import Problem
from fabrica.kit.logs import carrying
from fabrica.kit.time import utcnow

log = logging.getLogger(__name__)
Loop = Callable[[datetime], bool]
REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 60.0


class Pace:
    """When a loop may run again: at once after work, after a rest when idle, later and later while it fails."""

    def __init__(self) -> None:
        self.next_at = 0.0
        self.failures = 0

    def after(self, *, worked: bool, clock: float) -> None:
        self.failures = 0
        self.next_at = clock if worked else clock + REST_SECONDS

    def failed(self, clock: float) -> None:
        self.failures += 1
        self.next_at = clock + min(REST_SECONDS * 2**self.failures, LONGEST_REST_SECONDS)


def turn(loops: list[tuple[str, Loop]], paces: dict[str, Pace], clock: float, heart: Heart) -> bool:
    """Run each loop that is due once; True when any found work. A loop that fails is told and tried later."""
    worked = False
    for name, loop in loops:
        pace = paces.setdefault(name, Pace())
        if pace.next_at > clock:
            continue
        begin = time.monotonic()
        heart.begin(name, utcnow())
        with carrying(loop=name):
            found = _run(name, loop)
        heart.end(name, seconds=time.monotonic() - begin, found=bool(found), failed=found is None)
        if found is None:
            pace.failed(clock)
        else:
            pace.after(worked=found, clock=clock)
        worked = worked or bool(found)
    return worked


def _run(name: str, loop: Loop) -> bool | None:
    """Whether the loop found work; None where it failed, which is in the log then."""
    try:
        return loop(utcnow())
    except Exception as error:  # noqa: BLE001 - one loop must not end the others; what is not foreseen is logged whole
        _tell(name, error)
        if trouble_of(error):
            # A connection that broke is given up, so that the next loop opens one of its own.
            close_old_connections()
    return None


def _tell(name: str, error: Exception) -> None:
    """One line for what passes by itself; the whole story of everything else."""
    if isinstance(error, Problem | OSError) or trouble_of(error):
        log.warning("%s: %s", name, str(error).partition("\n")[0])
    else:
        log.error("%s failed", name, exc_info=error)


def work(loops: list[tuple[str, Loop]], *, until_idle: bool = False, heart: Heart | None = None) -> None:
    """Turn until SIGTERM or SIGINT; with `until_idle`, until nothing was found for two seconds."""
    heart = heart or Heart()
    paces: dict[str, Pace] = {}
    idle_since = time.monotonic()
    with stopping() as stop:
        while not stop.is_set():
            close_old_connections()
            if turn(loops, paces, time.monotonic(), heart):
                idle_since = time.monotonic()
            elif until_idle and time.monotonic() - idle_since > 4 * REST_SECONDS:
                return
            else:
                stop.wait(REST_SECONDS / 2)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set: the turn in hand is finished first."""
    stop = threading.Event()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
