"""Clocks: claims, windows of calls and sessions are told by them."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from django.db import connection
from django.db.utils import DatabaseError

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.time import utcnow

MOST_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 5
SET_CLOCK: Final = "Let both machines follow a time server: apt install systemd-timesyncd, or chrony."


def database_clock() -> Iterator[Finding]:
    """This machine's clock against the database's."""
    if connection.vendor == "sqlite":
        return  # it has no clock of its own
    before = utcnow()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            there: datetime = cursor.fetchone()[0]
    except DatabaseError:
        return  # told by another check
    yield compare(there.astimezone(UTC), before, utcnow())


def compare(there: datetime, before: datetime, after: datetime) -> Finding:
    """How far a clock that was read between two moments of ours is from them."""
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    told = f"The database's clock is {apart:.1f} s from this machine's."
    return well(told) if apart <= MOST_SECONDS else bad(told, SET_CLOCK)


def synchronised() -> Iterator[Finding]:
    """Whether this machine says that it follows a time server; many containers cannot tell."""
    program = shutil.which("timedatectl")
    said = ""
    if program:
        command = [program, "show", "--property=NTPSynchronized", "--value"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)  # noqa: S603 - an argument list
        said = done.stdout.strip()
    yield judge(said)


def judge(said: str) -> Finding:
    """What `timedatectl` said."""
    if said == "no":
        return bad("This machine's clock follows no time server.", SET_CLOCK)
    if said == "yes":
        return well("This machine's clock follows a time server.")
    return well("Whether this machine's clock follows a time server is not known here; its host may set it.")
