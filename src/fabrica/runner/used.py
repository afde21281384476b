"""How many seconds an attempt has used over all its processes' lives: a requeue must not give it its time again."""

import json
import math
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from fabrica.kit.files import write_atomic

NAME = "used.json"
SECONDS_BETWEEN = 2.0


class Used:
    """The count of one attempt, kept in the job folder while the block runs and at its end.

    `before` is what earlier lives used; the file of another attempt counts as nothing, and so does any file for an
    attempt without a name. A life that is killed is missing its last two seconds.
    """

    def __init__(self, folder: Path, attempt: str, began: float) -> None:
        self.path, self.attempt, self.began = folder / NAME, attempt, began
        self.before = _read(self.path, attempt) if attempt else 0.0
        self.written_at = -math.inf
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.note()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        self.written_at = -math.inf
        self.note()

    def keep(self) -> None:
        """Note the time from a thread of its own, for work that is long silent."""
        self._thread = threading.Thread(target=self._keep, name="used", daemon=True)
        self._thread.start()

    def note(self) -> None:
        """Write the count, if the last time is long enough ago. A full disk is others' to tell."""
        now = time.monotonic()
        if now - self.written_at < SECONDS_BETWEEN:
            return
        self.written_at = now
        seconds = round(self.before + now - self.began, 3)
        with suppress(OSError):
            write_atomic(self.path, json.dumps({"attempt": self.attempt, "seconds": seconds}) + "\n")

    def _keep(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN):
            self.note()


def _read(path: Path, attempt: str) -> float:
    """The seconds of the attempt that the file tells; 0 without one, or when it is another attempt's or no sense."""
    try:
        values = json.loads(path.read_bytes())
        seconds = float(values["seconds"])
        return seconds if values["attempt"] == attempt and 0 <= seconds < math.inf else 0.0
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0.0
