"""What the web processes of this host answered.

Several processes share their figures through files in the folder `PROMETHEUS_MULTIPROC_DIR`, which `fabrica-site serve`
makes and empties; a process without it counts for itself alone.
"""

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram

from fabrica.web.requests import method_of, route_of

Answer = Callable[[HttpRequest], HttpResponseBase]
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "fabrica_requests", "Answered requests.", ["route", "method", "status"], registry=REGISTRY
)  # fmt: skip
SECONDS: Final = Histogram(
    "fabrica_request_seconds", "Time until an answer began.", ["route", "method"], buckets=BUCKETS, registry=REGISTRY
)


class Measured:
    """Counts each request by route, method and status, and its time; leaves itself out where nobody may ask for it."""

    def __init__(self, get_response: Answer) -> None:
        if not settings.FABRICA_METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begin = time.perf_counter()
        response = self.get_response(request)
        count(route_of(request), method_of(request), response.status_code, time.perf_counter() - begin)
        return response


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answer."""
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route, method).observe(seconds)
