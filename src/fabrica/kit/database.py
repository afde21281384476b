"""What a database's error means for whoever waits: that it is busy, that it is away, or that we made a mistake."""

from enum import Enum
from sqlite3 import SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_LOCKED

from django.db import InterfaceError, InternalError, OperationalError


class Trouble(Enum):
    """Both pass: trying again later may work."""

    BUSY = "busy"  # it waited too long, or ran too long, and was stopped: what was asked for was not done
    AWAY = "away"  # the connection is gone: whether the last thing asked for was done is not known


# PostgreSQL's codes for a statement that was cut off: by its limit, while it waited for a lock, in a ring of waiters.
CUT_OFF = {"57014", "55P03", "40P01", "40001"}
IDLE_TOO_LONG = "25P03"
LOW_BYTE = 0xFF  # of SQLite's extended codes
SQLITE = {
    SQLITE_BUSY: Trouble.BUSY, SQLITE_LOCKED: Trouble.BUSY,
    SQLITE_CANTOPEN: Trouble.AWAY, SQLITE_FULL: Trouble.AWAY, SQLITE_IOERR: Trouble.AWAY,
}  # fmt: skip


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What passes by itself; None for an error that is no database's, or a mistake of ours, such as a missing table."""
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return None
    cause = error.__cause__
    if (code := getattr(cause, "sqlite_errorcode", None)) is not None:
        return SQLITE.get(code & LOW_BYTE)
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, InternalError) and state != IDLE_TOO_LONG:
        return None
    return Trouble.BUSY if state in CUT_OFF else Trouble.AWAY
