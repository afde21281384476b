"""The answer itself."""

import os
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from fabrica.config.metrics.requests import REGISTRY
from fabrica.config.metrics.site import SiteCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


def text() -> bytes:
    """Every figure, in Prometheus' text format."""
    site = CollectorRegistry()
    site.register(SiteCollector())
    return generate_latest(_answered()) + generate_latest(site)


def _answered() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # theirs has no annotations
    return shared
