"""When an attempt must end: a signal from the scheduler, or the time limit."""

import signal
import time
from types import FrameType

MARGIN_SHARE, MARGIN_SECONDS = 0.05, 5.0


class Stopped(Exception):
    """The attempt ends in order; `reason` is `signal` or `time limit`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stop:
    """Watches for SIGTERM (and SIGINT) and for the time limit of this attempt, less a margin to end in order."""

    def __init__(self, time_limit_seconds: float, began: float | None = None) -> None:
        began = time.monotonic() if began is None else began
        margin = min(MARGIN_SECONDS, MARGIN_SHARE * time_limit_seconds)
        self.ends = began + time_limit_seconds - margin
        self.signalled = False

    def listen(self) -> "Stop":
        """Take the signals of this process; call from the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        return self

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.signalled = True

    def reason(self) -> str:
        """`signal`, `time limit`, or empty while the attempt may go on."""
        if self.signalled:
            return "signal"
        return "time limit" if time.monotonic() >= self.ends else ""

    def check(self) -> None:
        """Raise Stopped when the attempt must end."""
        if reason := self.reason():
            raise Stopped(reason)
