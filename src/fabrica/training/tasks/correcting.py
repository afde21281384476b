"""What runs show as used follows what is booked for them: also where a machine's accounting is corrected later."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from fabrica.allocations.queries import untold
from fabrica.training import services
from fabrica.training.models import Attempt
from fabrica.training.states import AttemptState

BATCH = 100


def correct(now: datetime) -> bool:
    """Bring some ended attempts up to what is booked for them; True when there were some."""
    named = Attempt.objects.filter(state=AttemptState.ENDED, token__in=untold().values("token"))
    own = untold().filter(token=OuterRef("token"), award=OuterRef("run__award"))
    found = list(named.filter(Exists(own)).order_by("pk")[:BATCH])
    for attempt in found:
        services.follow_bookings(attempt=attempt, now=now)
    return bool(found)
