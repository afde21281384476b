"""Speaking to a site: one small seam over HTTP; every refusal becomes the problem it tells of."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from fabrica import __version__
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable

TIMEOUT = httpx.Timeout(30.0, write=600.0, read=120.0)
KINDS: dict[int, type[Problem]] = {403: NotAllowed, 404: NotFound, 409: Refused, 422: Refused, 503: Unreachable}


class NotSignedIn(Problem):
    """The site does not know the token."""

    status = 401


class Client:
    """A site's API as a person's token sees it. `transport` is for tests."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"fabrica/{__version__}"}
        self._http = httpx.Client(base_url=f"{self.url}/api", headers=headers, timeout=TIMEOUT, transport=transport)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path. Raises the Problem the site tells of."""
        return self._ask("GET", path, params={key: value for key, value in params.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """Post JSON; the answer's JSON, or None."""
        return self._ask("POST", path, json={} if body is None else body)

    def patch(self, path: str, body: Any, **params: Any) -> Any:
        """Change some fields; the answer's JSON."""
        return self._ask("PATCH", path, json=body, params=params)

    def delete(self, path: str) -> Any:
        """Remove or revoke."""
        return self._ask("DELETE", path)

    def upload(self, path: str, files: list[tuple[str, Path]], fields: dict[str, str] | None = None) -> Any:
        """Send files as multipart, streamed from disk: `files` are names inside the set and where they lie."""
        with ExitStack() as opened:
            parts = [("files", (name, opened.enter_context(where.open("rb")))) for name, where in files]
            return self._ask("POST", path, data=fields or {}, files=parts)

    def download(self, path: str, target: Path) -> int:
        """Stream a file to `target`; returns the bytes written."""
        with self._http.stream("GET", path) as answer:
            if answer.is_error:
                answer.read()
                raise problem_of(answer)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                return sum(out.write(piece) for piece in answer.iter_bytes())

    def pages(self, path: str, most: int = 1_000, **params: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, following its cursor, `most` at most."""
        cursor, count = "", 0
        while True:
            page = self.get(path, cursor=cursor, **params)
            for row in page["rows"]:
                yield row
                count += 1
                if count >= most:
                    return
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        try:
            answer = self._http.request(method, path, **how)
        except httpx.TransportError as error:
            raise Unreachable(
                f"{self.url} does not answer.",
                why=str(error),
                todo="Check the address and your network, then try again.",
            ) from error
        if answer.is_error:
            raise problem_of(answer)
        return answer.json() if answer.content else None


def problem_of(answer: httpx.Response) -> Problem:
    """The problem that an answer tells of, in the site's own words where it has any."""
    try:
        told = answer.json()
        what, why, todo = str(told.pop("what")), str(told.pop("why", "")), str(told.pop("todo", ""))
    except (ValueError, KeyError, AttributeError):
        what, why, todo, told = f"The site answered {answer.status_code}.", "", "Try again later.", {}
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return NotSignedIn(what, why=why, todo=todo)
    facts = {key: value for key, value in told.items() if key.isidentifier() and key not in ("what", "why", "todo")}
    kind = KINDS.get(answer.status_code, Unreachable if answer.is_server_error else Refused)
    return kind(what, why=why, todo=todo, **facts)
