"""Reading calls; which calls there are is public."""

from datetime import datetime

from django.db.models import QuerySet

from fabrica.calls.models import Call
from fabrica.calls.states import State
from fabrica.kit.errors import NotFound


def listed() -> QuerySet[Call]:
    """Every call that is not closed, newest first."""
    return Call.objects.select_related("machine__site").exclude(state=State.CLOSED).order_by("-pk")


def call_by_slug(slug: str) -> Call:
    """A call by its slug, closed ones too. Raises NotFound."""
    found = Call.objects.select_related("machine__site").filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no call {slug}.", todo="See the open calls.")
    return found


def open_by_mode(now: datetime) -> dict[str, Call]:
    """The newest open call of each mode that has one, by the mode's key."""
    found: dict[str, Call] = {}
    for call in listed():
        if call.is_open(now):
            found.setdefault(call.mode_row["key"], call)
    return found
