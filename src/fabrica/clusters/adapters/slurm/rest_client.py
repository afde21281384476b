"""Asking slurmrestd: one kept connection, every answer bounded, tokens from files and never in a message.

An answer counts only where it carries neither errors nor warnings: a field that this version does not know is a
warning there, and what was asked was then done in part.
"""

import json
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from fabrica.clusters.adapters.slurm.refusals import problem_of
from fabrica.clusters.adapters.slurm.settings import UNIX_NAME, Rest
from fabrica.clusters.adapters.slurm.shell import text_of
from fabrica.kit.errors import Problem, Refused, Unreachable

VERSIONS = ("v0.0.45", "v0.0.44", "v0.0.43", "v0.0.42")  # below these the budget of a QoS is hidden
MAX_BYTES = 64 << 20
MAX_TOKEN_BYTES = 16 << 10
NOTHING_CHANGED, UNAUTHORIZED, ABSENT, SERVER_ERROR = 304, 401, 404, 500
WRONG_TOKEN = {1007}  # Protocol authentication error
# Slurm 24.11 warns of an empty list, which is an answer like any other.
EMPTY = re.compile(r"found nothing$|^Zero jobs to dump$")
TOLD = 300
Pairs = Sequence[tuple[str, str]]


class TooLarge(Unreachable):
    """The answer is longer than may be read; ask for less at a time."""


class Partly(Refused):
    """The machine did it and warned that it left something out. `answer` tells what it did."""

    def __init__(self, warnings: Sequence[str], answer: dict[str, Any]) -> None:
        super().__init__(
            "The machine took only a part of what it was told.",
            why="; ".join(warnings)[:TOLD],
            todo="Ask the operator: this version of Slurm's REST may not know what Fabrica needs.",
        )
        self.answer = answer


@dataclass(frozen=True)
class Question:
    """What slurmrestd is asked. `most` bounds the answer in bytes; errors among `missing` mean that there is none."""

    method: str
    path: str
    pairs: Pairs = ()
    body: Mapping[str, Any] | None = None
    run_as: str = ""
    missing: frozenset[int] = frozenset()
    most: int = MAX_BYTES


class RestClient:
    """slurmrestd as one account or another. Every call may raise Unreachable or Refused."""

    def __init__(self, rest: Rest, timeout_seconds: float, transport: httpx.BaseTransport | None = None) -> None:
        self.rest, self.timeout_seconds = rest, timeout_seconds
        trust = ssl.create_default_context(cafile=str(rest.ca_file)) if rest.ca_file else True
        self._http = httpx.Client(timeout=timeout_seconds, transport=transport, verify=trust, trust_env=False)
        self._tokens: dict[str, str] = {}
        self._version = ""

    def get(self, path: str, pairs: Pairs = (), *, missing: frozenset[int] = frozenset(), most: int = MAX_BYTES) -> Any:
        """What stands at a path such as `slurm/jobs/`; {} where every error is one of `missing`."""
        return self._ask(Question("GET", path, pairs=pairs, missing=missing, most=most))

    def post(self, path: str, body: Mapping[str, Any], run_as: str = "") -> Any:
        """Change something, as the portal's own user or as another account; {} where it was so already."""
        return self._ask(Question("POST", path, body=body, run_as=run_as))

    def delete(self, path: str) -> Any:
        """End something."""
        return self._ask(Question("DELETE", path))

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def version(self) -> str:
        """The newest form of answers that both sides know; asked once, and again after an upgrade."""
        if not self._version:
            self._version = next((one for one in VERSIONS if self._knows(one)), "")
        if not self._version:
            raise Unreachable(
                "This machine's REST is too old or too new for Fabrica.",
                why=f"It answers to none of {', '.join(VERSIONS)}.",
                todo="Use the command line for it: leave [rest] out of the machine's file.",
            )
        return self._version

    def _knows(self, version: str) -> bool:
        code, raw = self._authorized(Question("GET", "slurm/ping/"), version)
        if code == ABSENT:
            return False
        _checked(code, _parsed(raw), frozenset())
        return True

    def _ask(self, question: Question) -> Any:
        code, raw = self._authorized(question, self.version())
        if code == ABSENT and not raw.lstrip().startswith(b"{"):  # no such path: the machine was upgraded
            self._version = ""
            code, raw = self._authorized(question, self.version())
        try:
            return {} if code == NOTHING_CHANGED else _checked(code, _parsed(raw), question.missing)
        except Partly as error:
            if question.method == "GET":  # nothing was changed, and what was read is not the whole
                raise Unreachable("The machine told only a part.", why=error.why, todo=error.todo) from error
            raise

    def _authorized(self, question: Question, version: str) -> tuple[int, bytes]:
        """One exchange; where the token is refused, it is read again and tried once more."""
        account = question.run_as or self.rest.user
        file = self._file(account)
        for is_last in (False, True):
            if account not in self._tokens:
                self._tokens[account] = read_token(file)
            code, raw = self._exchange(question, version, account)
            if not _is_unauthorized(code, raw):
                return code, raw
            used = self._tokens.pop(account)
            if is_last or read_token(file) == used:
                break
        raise Unreachable(
            f"The machine does not take the token of {account}.",
            why="It has expired, or it is the token of another account.",
            todo=f"Ask the operator to renew {file}; it is read again by itself.",
        )

    def _file(self, account: str) -> Path:
        if account == self.rest.user:
            return self.rest.token_file
        if not UNIX_NAME.fullmatch(account) or account == "root":
            raise Refused(f"{account[:60]!r} cannot be the account of a job.", todo="Ask the operator.")
        if self.rest.tokens_folder is None:
            raise Refused(
                f"Fabrica has no token of {account}.",
                why="rest.tokens_folder is not set, and a job never runs as the portal's own user.",
                todo="Ask the operator to follow docs/operator/slurm-rest.md.",
            )
        return self.rest.tokens_folder / account

    def _exchange(self, question: Question, version: str, account: str) -> tuple[int, bytes]:
        headers = {"X-SLURM-USER-NAME": account, "X-SLURM-USER-TOKEN": self._tokens[account]}
        part, _, rest = question.path.partition("/")
        request = self._http.build_request(
            question.method, f"{self.rest.url}/{part}/{version}/{rest}",
            params=list(question.pairs), json=question.body, headers=headers,
        )  # fmt: skip
        until = time.monotonic() + self.timeout_seconds
        raw = bytearray()
        try:
            answer = self._http.send(request, stream=True)
            with closing(answer):
                for piece in answer.iter_bytes():
                    raw += piece
                    if len(raw) > question.most:
                        raise TooLarge("slurmrestd said more than can be read.", todo="Ask for less at a time.")
                    if time.monotonic() > until:
                        raise _no_answer(f"It took longer than {self.timeout_seconds} seconds.")
            return answer.status_code, bytes(raw)
        except httpx.HTTPError as error:  # its text names an address and never a header
            raise _no_answer(f"{type(error).__name__}: {error}") from error


def read_token(file: Path) -> str:
    """The token in a file, as `scontrol token` prints it. Raises Unreachable: the operator puts a new one there."""
    todo = "Ask the operator to follow docs/operator/slurm-rest.md; the file is read again by itself."
    try:
        if file.stat().st_mode & 0o007:
            raise Unreachable(f"The token in {file} may be read by everybody.", todo="Close it with chmod 600.")
        with file.open("rb") as raw:
            text = raw.read(MAX_TOKEN_BYTES + 1).decode("ascii").strip().removeprefix("SLURM_JWT=")
    except (OSError, ValueError) as error:
        raise Unreachable(f"The token in {file} cannot be read.", why=type(error).__name__, todo=todo) from error
    if not re.fullmatch(r"[A-Za-z0-9_.=-]{1,16384}", text):
        raise Unreachable(f"{file} holds no token.", todo=todo)
    return text


def _no_answer(why: str) -> Unreachable:
    return Unreachable("slurmrestd gave no answer.", why=why[:TOLD], todo="It is tried again by itself.")


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
        found = _kept(found) if b"\\u" in raw else found
    except (ValueError, RecursionError) as error:
        raise _unreadable(raw) from error
    if not isinstance(found, dict):
        raise _unreadable(raw)
    return found


def _kept(value: Any) -> Any:
    """An answer with texts that every database keeps: halves of characters and NUL may be written in JSON."""
    if isinstance(value, str):
        return text_of(value.encode("utf-8", "replace"))
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return {_kept(name): _kept(one) for name, one in value.items()} if isinstance(value, dict) else value


def _unreadable(raw: bytes) -> Unreachable:
    return Unreachable(
        "slurmrestd answered what cannot be read.", why=repr(raw[:200]), todo="It is asked again by itself."
    )


def _told(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    said = found.get(name) or []
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _is_unauthorized(code: int, raw: bytes) -> bool:
    """Whether the token was refused: 401 by slurmrestd itself, else in words by slurmctld (511) or slurmdbd (502)."""
    if code == UNAUTHORIZED:
        return True
    if code < SERVER_ERROR:
        return False
    try:
        errors = _told(_parsed(raw), "errors")
    except Unreachable:
        return False
    return any(
        one.get("error_number") in WRONG_TOKEN or "authentication error" in str(one.get("description")).lower()
        for one in errors
    )


def _checked(code: int, found: dict[str, Any], missing: frozenset[int]) -> dict[str, Any]:
    """The answer, where it is a whole and undisturbed one."""
    errors = _told(found, "errors")
    if errors and all(one.get("error_number") in missing for one in errors):
        return {}
    if errors or code >= NOTHING_CHANGED:
        raise _problem(code, errors)
    warnings = [str(one.get("description", "")) for one in _told(found, "warnings")]
    if strange := [one for one in warnings if not EMPTY.search(one)]:
        raise Partly(strange, found)
    return found


def _problem(code: int, errors: Sequence[Mapping[str, Any]]) -> Problem:
    said = "; ".join(f"{one.get('error', '')} ({one.get('description', '')})" for one in errors)
    if not said and code >= SERVER_ERROR:
        return _no_answer(f"HTTP {code}")
    return problem_of("slurmrestd", said or f"HTTP {code}")
