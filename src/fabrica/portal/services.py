"""Decisions that two contexts keep together: the hours on the ledger, and the decision as it was taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award, Offer
from fabrica.allocations.queries import award_of, dropped_with, promised
from fabrica.applications import services as applications
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.applications.queries import application_of
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.calls.queries import call_by_slug
from fabrica.kit.errors import Problem, Refused
from fabrica.people.models import Person
from fabrica.portal.queries.life import Life, life_of
from fabrica.projects import services as projects
from fabrica.projects.models import ReclaimProposal
from fabrica.reviews import services as reviews
from fabrica.reviews.queries import latest_of
from fabrica.reviews.states import Kind
from fabrica.web.words import gpu_hours

MOST_AT_ONCE = 25  # awards in one request: each books hours, opens a project and asks for its account


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


@dataclass(frozen=True)
class Chosen:
    """An award that an officer confirmed on the page of proposals; `call` is the slug of the call that pays."""

    code: str
    call: str
    gpu_seconds: int


@dataclass(frozen=True)
class Told:
    """What became of it: the award or offer, or in words why there is none; `is_done`: it has its hours already."""

    chosen: Chosen
    made: Award | Offer | None = None
    words: str = ""
    is_done: bool = False


def confirm(*, call: Call, chosen: Sequence[Chosen], by: Person, now: datetime, note: str = "") -> list[Told]:
    """Award what was chosen, one after another, each by `conclude` in a transaction of its own.

    One that is refused meanwhile is told, and the next goes on; one that was decided before is left as it is, so the
    same may be sent again. `note` is for those who get other hours than recommended, or another system.
    """
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(_("At most %(most)s awards are confirmed at once.") % {"most": MOST_AT_ONCE})
    return [_confirm_one(call, one, note, by, now) for one in chosen]


def _confirm_one(call: Call, chosen: Chosen, note: str, by: Person, now: datetime) -> Told:
    try:
        application = application_of(by, chosen.code)
        if application.state != State.RANKED:
            words = _("It was decided meanwhile: %(state)s.") % {"state": application.get_state_display()}
            return Told(chosen, words=words, is_done=application.state in (State.AWARDED, State.OFFERED))
        if application.call_id != call.pk:
            raise Refused(_("It belongs to another call."))
        return Told(chosen, made=_conclude_chosen(application, chosen, note, by, now))
    except Problem as problem:
        return Told(chosen, words=str(problem))


def _conclude_chosen(application: Application, chosen: Chosen, note: str, by: Person, now: datetime) -> Award | Offer:
    """The form of the desk, as it is filled in when an officer opens it, with these hours on this system."""
    found, asked = latest_of(application), application.gpu_seconds_requested
    recommended = min(found.gpu_seconds_recommended, asked or 0) if found else asked
    other = None if chosen.call == application.call.slug else call_by_slug(chosen.call)
    if (other or chosen.gpu_seconds != recommended) and not note.strip():
        raise Refused(
            _("Its hours or its system differ from what was recommended."),
            todo=_("Write a note that says why; the applicant reads it."),
        )
    told = [found.comment if found else "", note if other or chosen.gpu_seconds != recommended else ""]
    kind = Kind.FULL if chosen.gpu_seconds == asked else Kind.PARTIAL
    return conclude(
        application=application, kind=Kind.OTHER_SYSTEM if other else kind, gpu_seconds=chosen.gpu_seconds,
        months=application.months or 0, note=_joined(told), other_call=other, by=by, now=now,
    )  # fmt: skip


def _joined(parts: Sequence[str]) -> str:
    """The assessor's comment and the officer's note; the note alone where both are too long for the applicant's."""
    said = [one.strip() for one in parts if one.strip()]
    whole = "\n\n".join(said)
    return whole if len(whole) <= TEXT_LIMIT else said[-1]


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
