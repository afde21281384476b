"""Awards in any state, made by the services themselves."""

from datetime import datetime

from fabrica.allocations import services
from fabrica.allocations.models import Award
from fabrica.calls.models import Call
from fabrica.clusters.models import Machine
from fabrica.reviews.tests.factories import assessed

POOL = 100_000


def fund(cast, machine: Machine, now: datetime, gpu_seconds: int = POOL, key: str = "first") -> None:
    """Hours in the machine's pool."""
    services.fund(machine=machine, gpu_seconds=gpu_seconds, key=key, by=cast.operator, now=now)


def awarded(cast, call: Call, now: datetime, gpu_seconds: int = 36_000, **changes: object) -> Award:
    """An award of what was asked for. The pool must be filled."""
    application = assessed(cast, call, now, gpu_seconds_requested=gpu_seconds, **changes)
    months = changes.get("months", 1)
    return services.award(application=application, gpu_seconds=gpu_seconds, months=months, by=cast.officer, now=now)
