"""An award that the applicant answers: hours are set aside when it is decided, and awarded when it is accepted.

Who answers, and who takes an offer back, changes the application's row first, which lets one of several win; then the
offer's, then the year and the machine as `drawing` says.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from fabrica.allocations import rules
from fabrica.allocations.models import Award, LedgerAccount, Offer
from fabrica.allocations.saying import told_hours
from fabrica.allocations.services.awarding import award, check_award, must_not_be_barred, open_award
from fabrica.allocations.services.drawing import draw, give_up, return_to_pool
from fabrica.allocations.services.phasing import Later
from fabrica.allocations.states import AccountKind, Answer, TransferKind
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.reviews import services as reviews
from fabrica.reviews.states import Kind
from fabrica.trust.queries.conditions import Step
from fabrica.trust.services import conditions


def grant(*, application: Application, limit_cents: int | None = None, **told: Any) -> Award | Offer:
    """Award hours, or offer them where its mode asks the applicant for an answer: see `award` and `offer`."""
    if application.answer_promised is None:
        return award(application=application, limit_cents=limit_cents, **told)
    if limit_cents is not None:
        raise Refused(_("This mode is free of charge; there is nothing to limit."))
    return offer(application=application, **told)


@transaction.atomic
def offer(
    *, application: Application, gpu_seconds: int, months: int, by: Person, now: datetime, note: str = "",
    phases: Sequence[Later] = (), from_reserve: bool = False,
) -> Offer:  # fmt: skip
    """Offer hours in a mode whose applicants answer: they leave the pool, count on its caps, and nobody can use them.

    No project and no account is made before the answer. What is checked is what `award` checks. Raises NotAllowed,
    Refused.
    """
    check_award(
        application=application, gpu_seconds=gpu_seconds, months=months, note=note, phases=phases,
        from_reserve=from_reserve, by=by, now=now,
    )  # fmt: skip
    applications.mark_offered(application=application, by=by, now=now, reason=note.strip())
    last = Offer.objects.filter(application=application).aggregate(last=Max("number"))["last"]
    made = Offer.objects.create(
        application=application, number=(last or 0) + 1, gpu_seconds=gpu_seconds, months=months, note=note.strip(),
        phases=[_kept(one) for one in phases], by=by, at=now,
    )  # fmt: skip
    machine = application.call.machine
    account = LedgerAccount.objects.create(kind=AccountKind.OFFERED, machine=machine, offer=made)
    draw(
        call=application.call, key=f"offer:{application.code}:{made.number}", kind=TransferKind.OFFER, target=account,
        gpu_seconds=gpu_seconds, from_reserve=from_reserve, now=now,
    )  # fmt: skip
    record(
        verb="award.offer", by=by, subject=application.subject, now=now, number=made.number, gpu_seconds=gpu_seconds,
        months=months, machine=machine.slug,
    )  # fmt: skip
    return made


@transaction.atomic
def accept(*, application: Application, by: Person, now: datetime, number: int | None = None) -> Award:
    """Accept what is offered: it is awarded from now on, as `award` would, for as many months as were offered.

    `number` names the offer that was read, so that nobody accepts another. A phase whose day has passed meanwhile is
    usable at once. Raises NotAllowed for all but members of the organisation; Refused where nothing is offered any
    more, and while a condition or an overdue report holds the award up.
    """
    conditions.require_none(step=Step.AWARD, subject=application.subject)
    todo = _("Hand it in on the project's page, or ask an officer to lift the bar. The offer stays as it is.")
    must_not_be_barred(application, now, todo)
    applications.mark_accepted(application=application, by=by, now=now)
    found = _settled(application, Answer.ACCEPTED, by, now, number)
    source = return_to_pool(offer=found, now=now)
    phases = [Later(**one) for one in found.parts]
    first = found.gpu_seconds - sum(one.gpu_seconds for one in phases)
    return open_award(
        application=application, first=first, months=found.months, phases=phases, source=source, by=by, now=now
    )


@transaction.atomic
def decline(*, application: Application, reason: str, by: Person, now: datetime, number: int | None = None) -> Offer:
    """Decline what is offered, for good: its hours return to their pool. The officers read the reason.

    Raises NotAllowed for all but members of the organisation, Refused without a reason and where nothing is offered
    any more.
    """
    applications.mark_declined(application=application, reason=reason, by=by, now=now)
    return _returned(_settled(application, Answer.DECLINED, by, now, number), by, now)


@transaction.atomic
def withdraw_offer(*, application: Application, reason: str, by: Person, now: datetime) -> Offer:
    """Take an offer back: a refusal with its reason, against which there is an appeal; its hours return to their pool.

    Raises NotAllowed for who may not decide on it, Refused without a reason and where nothing is offered any more.
    """
    if not rules.can_award(by, application):
        raise NotAllowed(_("Only an officer who may decide on the application takes its offer back."))
    reviews.note_outcome(application=application, kind=Kind.REFUSED, by=by, now=now, reasons=reason)
    applications.mark_offer_withdrawn(application=application, reason=reason, by=by, now=now)
    return _returned(_settled(application, Answer.WITHDRAWN, by, now, None), by, now)


def _kept(phase: Later) -> dict[str, Any]:
    """A phase as JSON holds it."""
    return {**asdict(phase), "opens_at": phase.opens_at.isoformat() if phase.opens_at else None}


def _settled(application: Application, answer: Answer, by: Person, now: datetime, number: int | None) -> Offer:
    """The offer that waited, locked, with what became of it."""
    rows = Offer.objects.select_for_update(no_key=True, of=("self",)).select_related("application__call__machine")
    found = rows.get(application=application, answer=Answer.WAITING)
    if number not in (None, found.number):
        raise Refused(
            _("Another award is offered by now than the one you read."),
            why=_("Offered: %(hours)s GPU-hours for %(months)s months.")
            % {"hours": told_hours(found.gpu_seconds), "months": found.months},
            todo=_("Reload the page, and read it again."),
        )
    found.answer, found.answered_by, found.answered_at = answer, by, now
    found.save(update_fields=["answer", "answered_by", "answered_at"])
    return found


def _returned(found: Offer, by: Person, now: datetime) -> Offer:
    give_up(offer=found, now=now)
    record(verb="hours.return", by=by, subject=found.application.subject, now=now, gpu_seconds=found.gpu_seconds)
    return found
