"""Answers to machines that watch this site: does the process live, can it serve, what does it count.

They stand before everything else: a probe comes without a session, over plain HTTP, and names a bare address as its
host. None of them says whose data there is; what fails is named in a word, the cause goes to the log.
"""

import logging
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from fabrica.config import metrics
from fabrica.config.within import Late, within

log = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]
Look = Callable[[], bool]
PATIENCE_SECONDS: Final = 1.0
KEEP_SECONDS: Final = 1.0
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Probes:
    """`/healthz`, `/readyz` and `/metrics`; everything else goes on."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.readiness = Readiness()
        self.answers: dict[str, Callable[[HttpRequest], HttpResponse]] = {
            "/healthz": healthz,
            "/readyz": lambda _request: readyz(self.readiness.look()),
            "/metrics": figures,
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.answers.get(request.path_info)
        if answer is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return plain("only GET", 405)
        return answer(request)


def plain(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> HttpResponse:
    """A short answer that nobody keeps."""
    return HttpResponse(f"{text}\n", status=status, content_type=content_type, headers=HEADERS)


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process lives and has a thread to answer with. Nothing else is looked at."""
    return plain("alive")


def readyz(failing: tuple[str, ...]) -> HttpResponse:
    """Whether this process can serve; names what fails."""
    return plain(f"not ready: {', '.join(failing)}", 503) if failing else plain("ready")


def figures(request: HttpRequest) -> HttpResponse:
    """The metrics, for who has the token; 404 where the site has set none."""
    token = settings.FABRICA_METRICS_TOKEN
    if not token:
        return plain("not found", 404)
    given = request.headers.get("Authorization", "").encode()
    if not secrets.compare_digest(given, f"Bearer {token}".encode()):
        refused = plain("a bearer token is needed", 401)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    return HttpResponse(metrics.text(), content_type=metrics.CONTENT_TYPE, headers=HEADERS)


class Readiness:
    """What fails, looked at once a second at most, by one thread at a time; others get the answer before."""

    def __init__(self) -> None:
        self.looks: dict[str, Look] = {"database": database_answers, "migrations": migrated, "storage": writable}
        self.lock = threading.Lock()
        self.kept: tuple[str, ...] = ("starting",)
        self.kept_until = 0.0
        self.is_migrated = False
        self.hanging: dict[str, threading.Thread] = {}

    def look(self) -> tuple[str, ...]:
        """The words for what fails; empty when all is well."""
        if self.lock.acquire(blocking=False):
            try:
                if time.monotonic() >= self.kept_until:
                    self.kept = tuple(name for name in self.looks if not self._holds(name))
                    self.kept_until = time.monotonic() + KEEP_SECONDS
            finally:
                self.lock.release()
        return self.kept

    def _holds(self, name: str) -> bool:
        if name == "migrations" and self.is_migrated:
            return True  # they are not taken back while this process runs; looking costs a tenth of a second
        if name in self.hanging and self.hanging[name].is_alive():
            return False  # one look that hangs is enough
        try:
            holds = within(PATIENCE_SECONDS, self.looks[name])
        except Late as late:
            self.hanging[name] = late.thread
            log.warning("readiness: %s had no answer within %s s", name, PATIENCE_SECONDS)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the probe is answered
            log.warning("readiness: %s: %s", name, error)
            return False
        self.is_migrated = self.is_migrated or (name == "migrations" and holds)
        return holds


def database_answers() -> bool:
    """Whether the database answers a question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def migrated() -> bool:
    """Whether every migration of this version was applied. Those of a newer version do no harm."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def writable() -> bool:
    """Whether a file can be written where data, runs and models lie."""
    with tempfile.NamedTemporaryFile(dir=settings.FABRICA_STORAGE, prefix=".probe-") as probe:
        probe.write(b"x")
        probe.flush()
    return True
