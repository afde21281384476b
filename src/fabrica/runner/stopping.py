"""When an attempt must end: a signal from the scheduler, the end of a link, or the time limit."""

import math
import signal
import time
from types import FrameType

from fabrica.runner.job import Job

MARGIN_SHARE, MARGIN_SECONDS = 0.05, 5.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)  # USR1: what Slurm sends ahead of a job's time limit


class Stopped(Exception):
    """The attempt ends in order; `reason` is `signal`, `link` or `time limit`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stop:
    """Watches for signals and for limits in time, less a margin to end in order."""

    def __init__(self, time_limit_seconds: float = math.inf, began: float | None = None) -> None:
        self.began = time.monotonic() if began is None else began
        self.ends = self.began + _less_margin(time_limit_seconds)
        self.link_ends = math.inf
        self.signalled = False

    def bind(self, job: Job, used_seconds: float) -> None:
        """Take the limits of the job, of which earlier lives of the attempt used some."""
        self.ends = self.began + _less_margin(job.time_limit_seconds) - used_seconds
        self.link_ends = self.began + _less_margin(job.link_seconds or math.inf)

    def listen(self) -> "Stop":
        """Take the signals of this process; call from the main thread."""
        for number in SIGNALS:
            signal.signal(number, self._note)
        return self

    def note(self) -> None:
        """Take note of a wish to end, as if it had been a signal."""
        self.signalled = True

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.signalled = True

    def reason(self) -> str:
        """`signal`, `time limit`, `link`, or empty while the attempt may go on."""
        now = time.monotonic()
        if self.signalled:
            return "signal"
        if now >= self.ends:
            return "time limit"
        return "link" if now >= self.link_ends else ""

    def check(self) -> None:
        """Raise Stopped when the attempt must end."""
        if reason := self.reason():
            raise Stopped(reason)


def _less_margin(seconds: float) -> float:
    return seconds - min(MARGIN_SECONDS, MARGIN_SHARE * seconds)
