"""Running a cluster's commands here, as ourselves or as a project's account. Argument lists; no shell ever.

A project's account is reached through one sudo rule (docs/operator/slurm.md): `sudo -n -u ACCOUNT -- sbatch …`.
"""

import os
import selectors
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

from fabrica.clusters.adapters.slurm.settings import UNIX_NAME
from fabrica.kit.errors import Refused, Unreachable

MAX_INPUT = 1 << 20
MAX_OUTPUT = 64 << 20
MAX_LINE = 1 << 20
PIECE = 1 << 16
TOLD = 300
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Shell(Protocol):
    """A place where a cluster's commands run. Every call may raise Unreachable."""

    def run(self, argv: Sequence[str], *, stdin: str = "", run_as: str = "") -> Answer:
        """Run to the end, within the timeout."""

    def lines(self, argv: Sequence[str]) -> Iterator[str]:
        """The lines of its output, one after the other; raises Unreachable at the end where it ended badly.

        So it does where nothing comes for as long as the timeout, or a line has no end.
        """


def become(argv: Sequence[str], run_as: str, keep: Sequence[str]) -> list[str]:
    """The command as another account; as ourselves where none is named. Raises Refused for what is no plain name."""
    if not run_as:
        return list(argv)
    if not UNIX_NAME.fullmatch(run_as) or run_as == "root":
        raise Refused(f"{run_as[:60]!r} cannot be the account of a job.", todo="Ask the operator.")
    return ["sudo", "-n", f"--preserve-env={','.join(sorted(keep))}", "-u", run_as, "--", *argv]


def no_answer(argv: Sequence[str], why: str) -> Unreachable:
    """What a command that gave no answer is told with."""
    return Unreachable(f"{argv[0]} gave no answer.", why=why[:TOLD], todo="It is tried again by itself.")


class Here:
    """This machine. `env` is all that the commands get of an environment."""

    def __init__(self, env: Mapping[str, str], timeout_seconds: int) -> None:
        self.env, self.timeout_seconds = {"PATH": PATH, **env}, timeout_seconds
        self._kept = list(env)

    def run(self, argv: Sequence[str], *, stdin: str = "", run_as: str = "") -> Answer:
        command = become(argv, run_as, self._kept)
        if len(stdin) > MAX_INPUT:
            raise Refused("The batch script is too long.")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(  # noqa: S603 - an argument list, checked; no shell
                    command, stdin=subprocess.PIPE, stdout=out, stderr=err, env=self.env, cwd="/"
                )
            except OSError as error:
                raise no_answer(argv, f"It cannot be started: {error.strerror}.") from error
            try:
                process.communicate(stdin.encode(), self.timeout_seconds)
            except subprocess.TimeoutExpired as error:
                _give_up(process)
                raise no_answer(argv, f"It took longer than {self.timeout_seconds} seconds.") from error
            return Answer(process.returncode, _read(out, argv), _read(err, argv))

    def lines(self, argv: Sequence[str]) -> Iterator[str]:
        with tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(  # noqa: S603 - the same
                    list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, env=self.env, cwd="/"
                )
            except OSError as error:
                raise no_answer(argv, f"It cannot be started: {error.strerror}.") from error
            try:
                assert process.stdout  # noqa: S101 - for the type checker: stdout is a pipe
                yield from lines_of(_pieces(process.stdout, argv, self.timeout_seconds), argv)
                if process.wait(self.timeout_seconds):
                    raise no_answer(argv, _read(err, argv))
            except subprocess.TimeoutExpired as error:
                raise no_answer(argv, f"It did not end within {self.timeout_seconds} seconds.") from error
            finally:
                with process.stdout or suppress(OSError), suppress(ProcessLookupError):
                    process.kill()
                process.wait()


def _give_up(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that takes too long. One that became root, as sudo does, cannot be: it is left to its end."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    with suppress(PermissionError):
        process.kill()
        process.wait()


def _pieces(pipe: IO[bytes], argv: Sequence[str], seconds: int) -> Iterator[bytes]:
    """What comes from a pipe until it ends; the wait for each piece is bounded."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while True:
            if not waiting.select(seconds):
                raise no_answer(argv, f"It said nothing for {seconds} seconds.")
            piece = os.read(pipe.fileno(), PIECE)
            if not piece:
                return
            yield piece


def lines_of(pieces: Iterable[bytes], argv: Sequence[str]) -> Iterator[str]:
    """Pieces of text line by line; the length of each line is bounded."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (text_of(line) + "\n" for line in whole)
        if len(rest) > MAX_LINE:
            raise no_answer(argv, "A line of it is too long to be read.")
    if rest:
        yield text_of(rest)


def text_of(raw: bytes) -> str:
    """What a cluster said, as text that every database keeps: � stands for what is no character, and for NUL."""
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def _read(file: IO[bytes], argv: Sequence[str]) -> str:
    if file.seek(0, os.SEEK_END) > MAX_OUTPUT:
        raise no_answer(argv, "It said more than can be read.")
    file.seek(0)
    return text_of(file.read())
