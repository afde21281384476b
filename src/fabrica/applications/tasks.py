"""The worker's part: clocks that ring, clocks that are counted anew, and files that nobody has any more."""

from datetime import datetime

from fabrica.applications import queries, services


def recount(now: datetime) -> bool:  # noqa: ARG001 - every loop is given the moment
    """Count one clock anew where its site's calendar or lengths of steps have changed; True when there was one."""
    found = queries.uncounted()
    if found is None:
        return False
    services.recount(application=found)
    return True


def ring(now: datetime) -> bool:
    """Tell of one step that is due soon or late; True when there was one."""
    found = queries.ringing(now)
    return found is not None and services.ring(application=found, now=now)


def sweep(now: datetime) -> bool:
    """Delete contents of files that no application has; True when there were some."""
    return services.sweep(now=now) > 0
