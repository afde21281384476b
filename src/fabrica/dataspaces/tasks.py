"""The worker's part: copy what is to be staged into the project's folder."""

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from fabrica.dataspaces import queries, services
from fabrica.dataspaces.engine.copying import CopyFailed, check_room, copy_checked, explain, first_difference
from fabrica.dataspaces.models import Staging
from fabrica.kit.errors import Problem, Refused

MOST_TRIES = 5
REPORT_SECONDS = 1.0


class _Lost(Exception):
    """The claim is no longer ours; another worker goes on."""


class _Clock:
    """The moment, counted on from the `now` the worker was given."""

    def __init__(self, now: datetime) -> None:
        self._now, self._start = now, time.monotonic()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._start)


def stage(now: datetime) -> bool:
    """Stage one version; True when there was one to stage."""
    staging = Staging.claim(queries.to_stage(), now)
    if staging is None:
        return False
    clock = _Clock(now)
    if not services.begin(staging=staging, now=now):
        return True
    try:
        _check(staging)
        _copy(staging, clock)
    except _Lost:
        return True
    except Problem as problem:
        services.stop(staging=staging, problem=problem, now=clock.now())
    except OSError as error:
        services.stop(staging=staging, problem=explain(error), now=clock.now())
    else:
        services.mark_staged(staging=staging, now=clock.now())
    return True


def _check(staging: Staging) -> None:
    if not staging.version.is_published:
        raise Refused(f"{staging.version} was withdrawn.", why=staging.version.withdrawn_because)
    if staging.tries > MOST_TRIES:
        raise CopyFailed(f"The worker died {MOST_TRIES} times at this copy.", todo="Tell the operator, then try again.")


def _copy(staging: Staging, clock: _Clock) -> None:
    """Copy into a folder beside the place, then rename: the place is empty or whole, whenever the worker dies."""
    place, facts = staging.path, staging.version.facts
    if place.is_dir() and first_difference(place, facts) is None:
        return  # a worker renamed it and died before it could say so
    place.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(place)
    check_room(place.parent, staging.version.size_bytes)
    temporary = place.with_name(f".{place.name}.{staging.claim_token}")
    try:
        copy_checked(staging.version.path, temporary, facts, _Reporter(staging, clock))
        if not services.note_progress(staging=staging, bytes_done=staging.version.size_bytes, now=clock.now()):
            raise _Lost
        temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_leftovers(place: Path) -> None:
    """What workers that died left: half copies under their tokens, and a copy that somebody changed."""
    for old in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(old)
    if place.exists():
        shutil.rmtree(place)


class _Reporter:
    """Writes the progress down once a second, which also prolongs the claim."""

    def __init__(self, staging: Staging, clock: _Clock) -> None:
        self._staging, self._clock, self._next = staging, clock, 0.0

    def __call__(self, bytes_done: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT_SECONDS
        if not services.note_progress(staging=self._staging, bytes_done=bytes_done, now=self._clock.now()):
            raise _Lost
