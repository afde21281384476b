"""Each request has a number, by which a person, a page and the lines of the log find each other."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fabrica.kit.ids import new_uid
from fabrica.kit.logs import carrying

log = logging.getLogger("fabrica.requests")
Answer = Callable[[HttpRequest], HttpResponseBase]
HEADER: Final = "X-Request-ID"
PLAIN_AND_SHORT: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
STATIC, UNKNOWN = "static", "unknown"
METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def number_of(request: HttpRequest) -> str:
    """The proxy's number where one is trusted and its number is plain and short, else a new one."""
    given = request.headers.get(HEADER, "") if settings.FABRICA_BEHIND_PROXY else ""
    return given if PLAIN_AND_SHORT.fullmatch(given) else new_uid()


def route_of(request: HttpRequest) -> str:
    """The name of the address that answered, such as `projects:detail`: never what somebody typed."""
    match = request.resolver_match
    if match is not None:
        return match.view_name if match.url_name else match.route
    return STATIC if request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/") else UNKNOWN


def method_of(request: HttpRequest) -> str:
    """The method, or `other`: a caller may send any word."""
    return request.method if request.method in METHODS else "other"


class Numbered:
    """Gives each request its number, tells it in the answer, and writes one line about it to the log."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        number = number_of(request)
        request.request_id = number  # type: ignore[attr-defined]
        begin = time.perf_counter()
        with carrying(request_id=number):
            response = self.get_response(request)
            _write(request, response, time.perf_counter() - begin)
        response.headers[HEADER] = number
        return response


def _write(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Method, route, status and time: no address, no person, nothing that was sent."""
    route = route_of(request)
    if route == STATIC:
        return
    facts = {"method": method_of(request), "route": route, "status": response.status_code, "ms": round(seconds * 1000)}
    log.info("%(method)s %(route)s %(status)d in %(ms)d ms", facts, extra={"fields": facts})
