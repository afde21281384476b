"""Decisions that two contexts keep together: the hours on the ledger, and the decision as it was taken."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.calls.models import Call
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.reviews import services as reviews
from fabrica.reviews.states import Kind


@transaction.atomic
def conclude(
    *, application: Application, kind: str, gpu_seconds: int, months: int, by: Person, now: datetime,
    conditions: str = "", note: str = "", other_call: Call | None = None, phases: Sequence[allocations.Later] = (),
    from_reserve: bool = False,
) -> Award:  # fmt: skip
    """Award hours in full, in part, with conditions or on another system, and keep which it was.

    The applicant reads note and conditions. A refusal is `reviews.services.refuse`. Raises NotAllowed, Refused.
    """
    if kind == Kind.REFUSED or (kind == Kind.OTHER_SYSTEM) != (other_call is not None):
        raise Refused(_("Another system belongs to an award on another system, and to no other decision."))
    if other_call is not None:
        application = applications.redirect(application=application, call=other_call, by=by, now=now)
    reviews.note_outcome(
        application=application, kind=kind, gpu_seconds=gpu_seconds, months=months, conditions=conditions,
        reasons=note, by=by, now=now,
    )  # fmt: skip
    told = "\n\n".join(one for one in (note.strip(), conditions.strip()) if one)
    return allocations.award(
        application=application,
        gpu_seconds=gpu_seconds,
        months=months,
        note=told,
        phases=phases,
        from_reserve=from_reserve,
        by=by,
        now=now,
    )
