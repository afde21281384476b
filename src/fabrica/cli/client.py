"""Speaking to a site: one small seam over HTTP; every refusal becomes the problem it tells of.

The site is not trusted further than its token: answers are bounded, redirects are not followed, and what is no JSON
or lacks what was promised is told as such.
"""

import ipaddress
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from fabrica import __version__
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable

TIMEOUT = httpx.Timeout(30.0, write=600.0, read=120.0)
MAX_ANSWER_BYTES = 64_000_000
MAX_PAGES = 1_000


class NotSignedIn(Problem):
    """The site does not know the token."""

    status = 401


KINDS: dict[int, type[Problem]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound}


class Answer(dict[str, Any]):
    """An object of a site's JSON; a name that it lacks is a problem that can be told."""

    def __missing__(self, name: str) -> NoReturn:
        raise _strange(f"It lacks '{name}'.")


def _strange(why: str) -> Unreachable:
    return Unreachable(
        "The site's answer is not one this client knows.",
        why=why,
        todo="Check the address, and that client and site have the same version.",
    )


_OPEN: list[httpx.Client] = []


def close_all() -> None:
    """Close every connection; a command does when it ends."""
    while _OPEN:
        _OPEN.pop().close()


class Client:
    """A site's API as a person's token sees it. `transport` is for tests. Raises Refused for an unsafe address."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = checked_url(url)
        # A header has no room for other characters, and no token has any.
        if not token.isascii() or not token.isprintable() or not token:
            raise NotSignedIn("This is no token.", todo="Copy it from your account page, whole.")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"fabrica/{__version__}"}
        self._http = httpx.Client(base_url=f"{self.url}/api", headers=headers, timeout=TIMEOUT, transport=transport)
        _OPEN.append(self._http)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path. Raises the Problem the site tells of."""
        return self._ask("GET", path, params={key: value for key, value in params.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """Post JSON; the answer's JSON, or None."""
        return self._ask("POST", path, json={} if body is None else body)

    def patch(self, path: str, body: Any, **params: Any) -> Any:
        """Change some fields; the answer's JSON."""
        return self._ask("PATCH", path, json=body, params=params)

    def put(self, path: str, body: Any) -> Any:
        """Say the whole of something anew; the answer's JSON, or None."""
        return self._ask("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """Remove or revoke."""
        return self._ask("DELETE", path)

    def upload(self, path: str, files: list[tuple[str, Path]], fields: dict[str, str] | None = None) -> Any:
        """Send files as multipart, streamed from disk: `files` are names inside the set and where they lie."""
        with ExitStack() as opened:
            parts = [("files", (name, opened.enter_context(where.open("rb")))) for name, where in files]
            return self._ask("POST", path, data=fields or {}, files=parts)

    def download(self, path: str, target: Path, most_bytes: int) -> int:
        """Stream a file to `target`; returns the bytes written. Raises Refused for more than `most_bytes`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._answer("GET", path) as answer, target.open("wb") as out:
            return sum(out.write(piece) for piece in _pieces(answer, most_bytes))

    def pages(self, path: str, most: int = 1_000, **params: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, following its cursor, `most` at most."""
        cursor, count = "", 0
        for _ in range(MAX_PAGES):
            page = self.get(path, cursor=cursor, **params)
            if not isinstance(page, dict) or not isinstance(page["rows"], list):
                raise _strange("It should be a page of a list.")
            for row in page["rows"][: most - count]:
                yield row
                count += 1
            cursor = page["next_cursor"]
            if not cursor or count >= most:
                return

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        with self._answer(method, path, **how) as answer:
            body = b"".join(_pieces(answer, MAX_ANSWER_BYTES))
        return read_json(body) if body else None

    @contextmanager
    def _answer(self, method: str, path: str, **how: Any) -> Iterator[httpx.Response]:
        """The site's answer, not read yet. Raises the problem it tells of, and Unreachable when it breaks off."""
        try:
            with self._http.stream(method, path, **how) as answer:
                if answer.is_redirect:
                    raise _sent_on(answer, self.url)
                if not answer.is_success:
                    raise problem_of(answer.status_code, b"".join(_pieces(answer, MAX_ANSWER_BYTES)))
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            todo = "Check the address and your network, then try again."
            raise Unreachable(f"{self.url} does not answer.", why=str(error), todo=todo) from error


def _pieces(answer: httpx.Response, most_bytes: int) -> Iterator[bytes]:
    count = 0
    for piece in answer.iter_bytes():
        count += len(piece)
        if count > most_bytes:
            raise Refused("The site sends more than it should.", why=f"More than {most_bytes} bytes came.")
        yield piece


def _sent_on(answer: httpx.Response, url: str) -> Problem:
    return Refused(
        f"{url} sends you on to {answer.headers.get('location', 'nowhere')}.",
        why="Your token is for one site and is not taken to another address.",
        todo="If you trust that address, run `fabrica login` with it.",
    )


def read_json(body: bytes) -> Any:
    """JSON with `Answer` for its objects. Raises Unreachable for anything else."""
    try:
        return json.loads(body, object_hook=Answer)
    except (ValueError, RecursionError) as error:
        raise _strange("It is no JSON.") from error


def problem_of(status: int, body: bytes) -> Problem:
    """The problem that an answer tells of, in the site's own words where it has any."""
    try:
        told = json.loads(body)
        what, why, todo = str(told.pop("what")), str(told.pop("why", "")), str(told.pop("todo", ""))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        what, why, todo, told = f"The site answered {status}.", "", "Try again later.", {}
    kind = KINDS.get(status, Unreachable if httpx.codes.is_server_error(status) else Refused)
    return kind(what, why=why, todo=todo, **{key: value for key, value in told.items() if key != "self"})


def checked_url(url: str) -> str:
    """A site's address without its last slash. Raises Refused for one that would show the token to others.

    `http://` is for this computer only; FABRICA_ALLOW_HTTP=1 lets it pass, for a network that is trusted as a whole.
    """
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise Refused(f"{url} is no address.", why=str(error)) from error
    if parsed.scheme not in ("https", "http") or not parsed.host or parsed.userinfo or parsed.query or parsed.fragment:
        raise Refused(f"{url} is no address of a site.", todo="It reads https://factory.example.eu.")
    if parsed.scheme == "http" and not _is_here(parsed.host) and os.environ.get("FABRICA_ALLOW_HTTP") != "1":
        todo = "Use https://, or set FABRICA_ALLOW_HTTP=1 in a network you trust."
        raise Refused(f"{url} would carry your token unencrypted.", todo=todo)
    return str(parsed).rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def path_of(*parts: str | int) -> str:
    """An address of the API from its parts, none of which can lead elsewhere. Raises Refused for `.` and `..`."""
    names = [str(part) for part in parts]
    if wrong := [name for name in names if name in ("", ".", "..")]:
        raise Refused(f"{wrong[0]!r} is no name.")
    return "".join(f"/{quote(name, safe='')}" for name in names)
