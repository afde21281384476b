"""Reading calls; which calls there are is public."""

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
