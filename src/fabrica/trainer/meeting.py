"""How the processes of a training find each other, within a time: rank 0 listens, each other one calls and is named."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]  # exported, but not in its types

from fabrica.kit.errors import Refused
from fabrica.trainer.alone import Interrupted
from fabrica.trainer.place import Place

SECONDS = 300.0
POLL_SECONDS, CALL_SECONDS = 0.2, 5.0
HELLO_BYTES = 4_096


@dataclass(frozen=True)
class Hello:
    """What a process says of itself; all but the rank must be the same everywhere."""

    rank: int
    size: int
    name: str
    device: str


class Clock:
    """How long this process still waits for the others. Raises Interrupted when it was asked to end meanwhile."""

    def __init__(self, seconds: float, wish: Callable[[], bool]) -> None:
        self.ends, self.seconds, self.wish = time.monotonic() + seconds, seconds, wish

    def ticks(self) -> bool:
        """True while there is time."""
        if self.wish():
            raise Interrupted("This process was asked to end before the others had come.")
        return time.monotonic() < self.ends


def meet(place: Place, hello: Hello, clock: Clock) -> tuple[Store, dict[int, socket.socket]]:
    """The store that PyTorch's own rendezvous needs, and the open lines by rank.

    Raises Refused, on every process that did come, when one does not come in time or is not of the same training.
    """
    if place.rank:
        store = _find_store(place, hello, clock)
        return store, {0: _call(place, hello, store, clock)}
    try:
        store = _store(place, hello, master=not place.served)
        listener = _listener()
    except (RuntimeError, OSError) as problem:
        raise Refused(
            f"The processes cannot meet at {place.host}, port {place.port}.",
            why=str(problem).split("\n", 1)[0][:200],
            todo="Start the run again; the batch script must choose a port that is free on its first node.",
        ) from problem
    with listener:
        store.set("lines", str(listener.getsockname()[1]))
        return store, _accept(listener, hello, clock)


def _store(place: Place, hello: Hello, *, master: bool) -> Store:
    found = TCPStore(place.host, place.port, None, master, timedelta(seconds=CALL_SECONDS), wait_for_workers=False)
    return PrefixStore(f"fabrica/{hello.name}/{place.life}", found)


def _listener() -> socket.socket:
    """A listener at any free port of this machine, for both families of addresses where it has them."""
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    listener = socket.create_server(("", 0), family=family, backlog=1_024, dualstack_ipv6=both)
    listener.settimeout(POLL_SECONDS)
    return listener


def _accept(listener: socket.socket, hello: Hello, clock: Clock) -> dict[int, socket.socket]:
    """The lines of all others, each told to go on; or none is, and all that came are told why."""
    lines: dict[int, socket.socket] = {}
    try:
        while len(lines) < hello.size - 1:
            if not clock.ticks():
                raise _absent(hello.size, set(range(1, hello.size)) - set(lines), clock.seconds)
            with suppress(TimeoutError):
                _welcome(listener.accept()[0], hello, lines)
    except (Refused, Interrupted) as problem:
        told = [problem.what, problem.why, problem.todo] if isinstance(problem, Refused) else None
        for line in lines.values():
            with suppress(OSError):
                line.sendall(json.dumps({"refused": told}).encode() + b"\n")
            line.close()
        raise
    for line in lines.values():
        with suppress(OSError):  # it is gone again: whoever uses the line next is told
            line.sendall(b'{"refused": []}\n')
    return lines


def _welcome(line: socket.socket, hello: Hello, lines: dict[int, socket.socket]) -> None:
    """Take a caller in, or hang up on who is none of us. Raises Refused when one of us is not like the first."""
    line.settimeout(CALL_SECONDS)
    try:
        caller = Hello(**_read(line))
        ours = caller.name == hello.name and type(caller.rank) is int and 0 < caller.rank < hello.size
    except (OSError, ValueError, TypeError):
        ours = False
    if not ours or caller.rank in lines:
        line.close()
        return
    lines[caller.rank] = line
    if (caller.size, caller.device) != (hello.size, hello.device):
        raise Refused(
            f"Process {caller.rank} is not like the first.",
            why=f"It is one of {caller.size} and computes on {str(caller.device)[:20]}; the first is one of "
            f"{hello.size} and computes on {hello.device}.",
            todo="Start all processes with one command, on machines of one kind.",
        )


def _find_store(place: Place, hello: Hello, clock: Clock) -> Store:
    """The first process' store, as soon as it is there and says where to call."""
    while clock.ticks():
        with suppress(RuntimeError, OSError):
            socket.create_connection((place.host, place.port), CALL_SECONDS).close()  # PyTorch's own tries are noisy
            store = _store(place, hello, master=False)
            while clock.ticks():
                if store.check(["lines"]):
                    return store
                time.sleep(POLL_SECONDS)
        time.sleep(POLL_SECONDS)
    raise _absent(hello.size, {0}, clock.seconds)


def _call(place: Place, hello: Hello, store: Store, clock: Clock) -> socket.socket:
    """This process' line to the first one, once that said that all are there."""
    try:
        line = socket.create_connection((place.host, int(store.get("lines"))), CALL_SECONDS)
        line.sendall(json.dumps(asdict(hello)).encode() + b"\n")
        line.settimeout(POLL_SECONDS)
        told = _wait_for_word(line, clock, hello)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as problem:
        raise Interrupted(f"The first process hung up: {problem}") from problem
    if told is None:
        raise Interrupted("The first process was asked to end before all had come.")
    if told:
        raise Refused(str(told[0]), why=str(told[1]), todo=str(told[2]))
    return line


def _wait_for_word(line: socket.socket, clock: Clock, hello: Hello) -> list[str] | None:
    raw = b""
    while not raw.endswith(b"\n"):
        if not clock.ticks() and time.monotonic() > clock.ends + 2 * CALL_SECONDS:  # its own clock began later
            raise _absent(hello.size, set(), clock.seconds)
        with suppress(TimeoutError):
            # byte by byte: what follows the answer is for the lines
            raw += line.recv(1) or _hung_up()
    found: list[str] | None = json.loads(raw)["refused"]
    return found


def _read(line: socket.socket) -> dict[str, Any]:
    """One line of JSON, bounded."""
    raw = b""
    while not raw.endswith(b"\n") and len(raw) < HELLO_BYTES:
        raw += line.recv(1) or _hung_up()
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _hung_up() -> bytes:
    raise ConnectionError("the connection was closed")


def _absent(size: int, missing: set[int], seconds: float) -> Refused:
    """Words for those who did not come; none known means that the first one does not know all either."""
    some = ", ".join(map(str, sorted(missing)[:10])) + (", …" if len(missing) > 10 else "")  # noqa: PLR2004 - a short list
    return Refused(
        f"Not all {size} processes came within {seconds:.0f} seconds.",
        why=f"Missing: process {some}." if missing else "The first process still waits for others.",
        todo="Look in the log why it did not start, and whether the nodes reach each other; then start the run again.",
    )
