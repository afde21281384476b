"""Decisions that two contexts keep together: the hours on the ledger, and the decision as it was taken."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award, Offer
from fabrica.allocations.queries import award_of, dropped_with, promised
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.calls.models import Call
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.portal.queries.life import Life, life_of
from fabrica.projects import services as projects
from fabrica.projects.models import ReclaimProposal
from fabrica.reviews import services as reviews
from fabrica.reviews.states import Kind
from fabrica.web.words import gpu_hours


@transaction.atomic
def conclude(
    *, application: Application, kind: str, gpu_seconds: int, months: int, by: Person, now: datetime,
    conditions: str = "", note: str = "", other_call: Call | None = None, phases: Sequence[allocations.Later] = (),
    from_reserve: bool = False, limit_cents: int | None = None,
) -> Award | Offer:  # fmt: skip
    """Award or offer hours in full, in part, with conditions or on another system, and keep which it was.

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
    return allocations.grant(
        application=application, gpu_seconds=gpu_seconds, months=months, note=told, phases=phases,
        from_reserve=from_reserve, limit_cents=limit_cents, by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def announce_reclaim(*, proposal: ReclaimProposal, reason: str, by: Person, now: datetime) -> None:
    """Tell a project that its unused hours go back, and for how long it may object by the rule of its site.

    Raises NotAllowed, Refused: also where it is no longer idle, or no rule can be read.
    """
    award = award_of(proposal.project)
    life = _still_idle(award, now)
    unused = gpu_hours(max(0, life.awarded - life.used) + promised(award))
    projects.announce_reclaim(
        proposal=proposal, days=life.rule.object_days, unused=unused, reason=reason, by=by, now=now
    )  # fmt: skip


@transaction.atomic
def reclaim(*, proposal: ReclaimProposal, reason: str, by: Person, now: datetime) -> Award:
    """Give what a project has not used back to the pools it came from; its award ends with that, what runs goes on.

    Its leaders read the reason. Raises NotAllowed, Refused: before its time to object is over, and where a job ran.
    """
    award = award_of(proposal.project)
    _still_idle(award, now)
    projects.settle_reclaim(proposal=proposal, reason=reason, by=by, now=now)
    before = award.returned_gpu_seconds
    made = allocations.revoke(award=award, by=by, now=now, reason=reason)
    returned = made.returned_gpu_seconds - before + dropped_with(made)
    projects.note_reclaimed(proposal=proposal, gpu_seconds=returned)
    return made


def _still_idle(award: Award, now: datetime) -> Life:
    life = life_of(award, now)
    if life is None or not life.is_to_reclaim:
        raise Refused(
            _("The rule of the site does not ask for these hours now."),
            why=_("A job has run since, or the rule has changed or cannot be read."),
            todo=_("The question goes away by itself; look again later."),
        )
    return life
