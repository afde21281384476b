"""Assessed applications, made by the services themselves."""

from datetime import datetime

from fabrica.applications.models import Application
from fabrica.applications.tests.factories import screened
from fabrica.calls.models import Call
from fabrica.reviews import services

COMMENT = "Four million parameters fit on one device."


def assessed(cast, call: Call, now: datetime, verdict: str = "fit", **changes: object) -> Application:
    """One that waits for the officer; the assessor recommends what was asked for."""
    made = screened(cast, call, now, **changes)
    hours = 0 if verdict == "unfit" else made.gpu_seconds_requested
    services.assess(
        application=made, verdict=verdict, comment=COMMENT, gpu_seconds_recommended=hours, by=cast.assessor, now=now
    )
    made.refresh_from_db()
    return made
