"""What a job prints, kept up to a limit: a full disk or an endless print stops the log, never the job."""

import os
from contextlib import suppress
from pathlib import Path

PIECE_BYTES = 1 << 16


class JobLog:
    """Appends to a file until it holds `limit_bytes`, then says so once and forgets the rest.

    `trouble` is a sentence for the job's owner when something of the output is missing.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self.trouble = ""

    def copy(self, source: int, *, until_empty: bool = False) -> bool:
        """Move what waits in a non-blocking pipe to the log; False once the other side has closed it."""
        while True:
            try:
                piece = os.read(source, PIECE_BYTES)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self.write(piece)
            if not until_empty:
                return True

    def write(self, piece: bytes) -> None:
        """Append one piece; what does not fit is left out."""
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            self.trouble = f"Its output could not be kept ({error.strerror})."
            return
        try:
            self._append(fd, piece)
        except OSError as error:
            self.trouble = f"Part of its output is missing ({error.strerror})."
        finally:
            os.close(fd)

    def _append(self, fd: int, piece: bytes) -> None:
        room = self.limit_bytes - os.fstat(fd).st_size
        if room > 0:
            written = os.write(fd, piece[:room])
            if written < min(room, len(piece)):
                self.trouble = "Part of its output is missing (No space left on device)."
        if len(piece) > room >= 0 and not self.trouble:
            self.trouble = f"Its output was cut after {self.limit_bytes} bytes."
            with suppress(OSError):
                os.write(fd, f"\n[{self.trouble}]\n".encode())
