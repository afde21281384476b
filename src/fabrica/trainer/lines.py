"""Lines between the first process and each other: who is still there, who must end, what the first one decided.

A star of TCP connections, apart from PyTorch's: a process that is killed is known at once (its connection closes), a
node that is lost after a minute of silence, while the computing threads may hang in a sum that will never come. One
message is one line of JSON of at most a megabyte; an empty line says "I am here" once a second.
"""

import json
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

BEAT_SECONDS = 1.0
SEND_SECONDS = 10.0
LINE_BYTES_AT_MOST = 1 << 20
Fault = tuple[str, str, str]  # of a Problem: what, why, todo


@dataclass(frozen=True)
class Trouble:
    """Why the processes cannot go on: `gone` names the one that is lost; `fault` says why one failed for good."""

    gone: int | None = None
    fault: Fault | None = None

    def __str__(self) -> str:
        return f"Process {self.gone} is gone." if self.fault is None else self.fault[0]


@dataclass
class Manners:
    """How the lines ask and tell their owner.

    `wish`: does this process wish to end? `heard`: another wishes it, or there is trouble. `abandon`: `grace_beats`
    after trouble (or the first one's end) this process still hangs; takes the fault told and the first one's code.
    """

    abandon: Callable[[Fault | None, int | None], None]
    wish: Callable[[], bool] = lambda: False
    heard: Callable[[], None] = lambda: None
    silent_beats: int = 60
    grace_beats: int = 60


@dataclass
class Peer:
    """One connection; `silent` counts our beats since its last word: both stand still when a machine is suspended."""

    line: socket.socket
    raw: bytes = b""
    silent: int = 0
    sending: threading.Lock = field(default_factory=threading.Lock)


class Lines:
    """This process's lines: on rank 0 one to each other rank, elsewhere one to rank 0. A thread of its own listens."""

    def __init__(self, rank: int, lines: dict[int, socket.socket], manners: Manners) -> None:
        self.rank, self.manners = rank, manners
        self.peers = {other: Peer(line) for other, line in lines.items()}
        self.trouble: Trouble | None = None
        self.end: int | None = None
        self.led: dict[int, dict[str, Any]] = {}
        self.changed = threading.Condition()
        self._over = False
        self._grace = manners.grace_beats
        self._selector = selectors.DefaultSelector()
        for other, peer in self.peers.items():
            peer.line.settimeout(SEND_SECONDS)
            self._selector.register(peer.line, selectors.EVENT_READ, other)
        self._thread = threading.Thread(target=self._listen, name="lines", daemon=True)

    def open(self) -> "Lines":
        """Begin to listen."""
        self._thread.start()
        return self

    def say(self, message: dict[str, Any], but: int | None = None) -> None:
        """Send a message on every line (but one)."""
        raw = json.dumps(message).encode() + b"\n" if message else b"\n"
        for other, peer in list(self.peers.items()):
            if other != but:
                self._send(other, peer, raw)

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until `holds`, looked at after each message; False when it does not within `seconds`."""
        with self.changed:
            return self.changed.wait_for(holds, seconds)

    def fail(self, trouble: Trouble) -> None:
        """Note trouble, once, and (on rank 0) let everybody else know."""
        with self.changed:
            if self.trouble or self._over or self.end is not None:
                return
            self.trouble = trouble
            self.changed.notify_all()
        if self.rank == 0 or trouble.gone is None:
            self.say({"gone": trouble.gone, "fault": trouble.fault}, but=trouble.gone)
        self.manners.heard()

    def close(self) -> None:
        """Stop listening; the connections close."""
        self._over = True
        if threading.current_thread() is not self._thread:
            self._thread.join(SEND_SECONDS)
            self._selector.close()
        for peer in list(self.peers.values()):
            peer.line.close()

    def _listen(self) -> None:
        due = time.monotonic()
        while not self._over:
            for key, _ in self._selector.select(max(0.0, min(BEAT_SECONDS, due - time.monotonic()))):
                self._hear(key.data)
            if time.monotonic() >= due:
                due = time.monotonic() + BEAT_SECONDS
                self._beat()

    def _beat(self) -> None:
        self.say({"wish": True} if self.manners.wish() else {})
        for other, peer in list(self.peers.items()):
            peer.silent += 1
            if peer.silent > self.manners.silent_beats:
                self._lose(other)
        if self.trouble or self.end is not None:
            self._grace -= 1
            if self._grace < 0:
                sys.stderr.write(f"Process {self.rank} did not end by itself. {self.trouble or ''}\n")
                sys.stderr.flush()
                self.manners.abandon(self.trouble.fault if self.trouble else None, self.end)

    def _hear(self, other: int) -> None:
        """Read what came on one line."""
        peer = self.peers.get(other)
        if peer is None:
            return
        try:
            raw = peer.line.recv(65_536)
        except OSError:
            raw = b""
        peer.raw, peer.silent = peer.raw + raw, 0
        *whole, peer.raw = peer.raw.split(b"\n")
        try:
            for message in filter(None, whole):
                self._take(other, json.loads(message))
        except (ValueError, KeyError, TypeError):
            raw = b""  # no message of ours: as good as gone
        if not raw or len(peer.raw) > LINE_BYTES_AT_MOST:
            self._lose(other)

    def _take(self, other: int, message: dict[str, Any]) -> None:
        if "wish" in message:
            self.manners.heard()
        elif "fault" in message:
            fault = message["fault"]
            self.fail(Trouble(message["gone"], (str(fault[0]), str(fault[1]), str(fault[2])) if fault else None))
        elif "bye" in message:
            self._drop(other)
        else:
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        """Keep what the first process decided, or its end, and let go of it then, whatever the main thread does.

        Raises KeyError for a message that is none of ours.
        """
        with self.changed:
            if "led" in message:
                self.led[int(message["led"])] = message
            else:
                self.end = int(message["end"])
            self.changed.notify_all()
        if self.end is not None:
            self.say({"bye": True})

    def _send(self, other: int, peer: Peer, raw: bytes) -> None:
        try:
            with peer.sending:
                peer.line.sendall(raw)
        except OSError:
            self._lose(other)

    def _lose(self, other: int) -> None:
        if other in self.peers:
            self._drop(other)
            self.fail(Trouble(gone=other))

    def _drop(self, other: int) -> None:
        peer = self.peers.pop(other, None)
        if peer:
            with suppress(KeyError, ValueError):
                self._selector.unregister(peer.line)
            peer.line.close()
            with self.changed:
                self.changed.notify_all()
