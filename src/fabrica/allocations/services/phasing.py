"""An award in phases: later parts are promised from the pool at once, and become usable when they are released."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.models import Award, LedgerAccount, Phase
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.drawing import draw_or_take, give_back
from fabrica.allocations.services.topping_up import check_reason, must_go_on, raise_limit
from fabrica.allocations.services.transfers import check, of_award, transfer
from fabrica.allocations.states import AccountKind, TransferKind
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.people.models import Person

MOST_PHASES = 12


@dataclass(frozen=True)
class Later:
    """A part of an award that is not usable from its start: from a moment on, or once a progress report is accepted.

    Without either, from when an officer releases it, who may do so before in any case.
    """

    gpu_seconds: int
    opens_at: datetime | None = None
    on_report: bool = False


def at_once(gpu_seconds: int, phases: Sequence[Later], now: datetime, ends_at: datetime) -> int:
    """What of an award is usable from its start. Raises Refused for phases that make no sense."""
    if len(phases) > MOST_PHASES:
        raise Refused(_("An award has at most %(most)s later phases.") % {"most": MOST_PHASES})
    for one in phases:
        check(one.gpu_seconds)
        if one.opens_at is not None and one.on_report:
            raise Refused(_("A phase waits for its day or for a report, not for both."))
        if one.opens_at is not None and not now < one.opens_at < ends_at:
            raise Refused(
                _("A phase becomes usable after the award begins and before it ends."), todo=_("Choose another day.")
            )
    first = gpu_seconds - sum(one.gpu_seconds for one in phases)
    if phases and first <= 0:
        raise Refused(_("The later phases leave nothing for the start."), todo=_("Make them smaller."))
    return first


def promise(
    *, award: Award, phases: Sequence[Later], from_reserve: bool, now: datetime, source: LedgerAccount | None = None
) -> None:
    """Set the later phases of a new award aside from its pool; they count on its caps from now on.

    `source` is the pool whose hours were offered, and are counted already.
    """
    if not phases:
        return
    account = LedgerAccount.objects.create(kind=AccountKind.PROMISED, machine=award.machine, award=award)
    Phase.objects.bulk_create(
        Phase(award=award, number=number, gpu_seconds=one.gpu_seconds, opens_at=one.opens_at, on_report=one.on_report)
        for number, one in enumerate(phases, start=2)
    )
    draw_or_take(
        call=award.application.call, target=account, gpu_seconds=sum(one.gpu_seconds for one in phases),
        key=f"promise:{award.application.code}", kind=TransferKind.PROMISE, from_reserve=from_reserve, source=source,
        now=now,
    )  # fmt: skip


@transaction.atomic
def release_phase(*, award: Award, number: int, by: Person | None, now: datetime, reason: str = "") -> Award:
    """Make a promised phase usable; again, it does nothing. `by` is None where its day or report has come.

    Raises NotAllowed for who may not add hours to it, NotFound, and Refused after the award's end, for a phase that
    went back, and, without a person, before it is due.
    """
    award, phase = _held(award, number, by, reason)
    if phase.released_at is not None:
        return award
    must_go_on(award, now)
    _must_wait(phase)
    if by is None and not queries.phases_due(now).filter(pk=phase.pk).exists():
        raise Refused(
            _("Phase %(number)s of %(project)s is not due.") % {"number": number, "project": award.project},
            todo=_("An officer may release it before."),
        )
    free, *_rest = of_award(award)
    transfer(
        key=f"phase:{award.project.slug}:{number}", kind=TransferKind.PHASE, source=_promised(award),
        target=free, gpu_seconds=phase.gpu_seconds, now=now,
    )  # fmt: skip
    Phase.objects.filter(pk=phase.pk).update(released_at=now, by=by, reason=reason.strip())
    return _grown(award, phase, by, now, reason.strip())


@transaction.atomic
def drop_phase(*, award: Award, number: int, by: Person, now: datetime, reason: str) -> Award:
    """Give a promised phase back to the pool it came from: it will not be released; again, it does nothing.

    Raises NotAllowed for who may not add hours to it, NotFound, and Refused without a reason and once it is released.
    """
    if not reason.strip():
        raise Refused(_("To withhold a phase needs a reason."), todo=_("Say why; the project's leaders read it."))
    award, phase = _held(award, number, by, reason)
    if phase.dropped_at is not None:
        return award
    must_go_on(award, now)
    _must_wait(phase)
    give_back(
        award=award, source=_promised(award), gpu_seconds=phase.gpu_seconds,
        key=f"drop:{award.project.slug}:{number}", now=now, first=queries.promised_from(award),
    )  # fmt: skip
    Phase.objects.filter(pk=phase.pk).update(dropped_at=now, by=by, reason=reason.strip())
    record(verb="award.drop_phase", by=by, subject=award.subject, now=now, number=number, gpu_seconds=phase.gpu_seconds)
    tell_leaders(
        award, "award_phase_dropped", f"dropped:{number}", now, less=letter_hours(phase.gpu_seconds),
        reason=reason.strip(),
    )  # fmt: skip
    return award


def drop_all(*, award: Award, now: datetime) -> int:
    """Give all phases of a locked award that still wait back to the pools they came from; how much."""
    waiting = Phase.objects.filter(award=award, released_at=None, dropped_at=None)
    account = queries.promised_account(award)
    if not waiting.update(dropped_at=now) or account is None:
        return 0
    return give_back(
        award=award, source=account, gpu_seconds=account.balance_gpu_seconds,
        key=f"drop:{award.project.slug}:rest", now=now, first=queries.promised_from(award),
    )  # fmt: skip


def _held(award: Award, number: int, by: Person | None, reason: str) -> tuple[Award, Phase]:
    if by is not None and not rules.can_change(by, award):
        raise NotAllowed(
            _(
                "Only an officer or operator who works neither for the organisation nor in the project "
                "decides on a phase."
            )
        )
    check_reason(reason)
    of_award(award)
    award = queries.award_of(award.project)
    phase = queries.phase_of(award, number)
    if phase is None:
        raise NotFound(
            _("%(project)s has no phase %(number)s.") % {"project": award.project, "number": number},
            todo=_("See its award."),
        )
    return award, phase


def _promised(award: Award) -> LedgerAccount:
    return LedgerAccount.objects.get(award=award, kind=AccountKind.PROMISED)


def _must_wait(phase: Phase) -> None:
    if phase.released_at is not None or phase.dropped_at is not None:
        done = _("Phase %(number)s was released before.")
        if phase.released_at is None:
            done = _("Phase %(number)s went back to the pool before.")
        raise Refused(
            done % {"number": phase.number},
            todo=_("Add hours instead, or take the award back."),
        )


def _grown(award: Award, phase: Phase, by: Person | None, now: datetime, reason: str) -> Award:
    Award.objects.filter(pk=award.pk).update(gpu_seconds=F("gpu_seconds") + phase.gpu_seconds)
    award.refresh_from_db(fields=["gpu_seconds"])
    record(
        verb="award.release_phase", by=by, subject=award.subject, now=now, number=phase.number,
        gpu_seconds=phase.gpu_seconds,
    )  # fmt: skip
    raise_limit(award, phase.gpu_seconds, now)
    tell_leaders(
        award, "award_phase", f"phase:{phase.number}", now,
        more=letter_hours(phase.gpu_seconds), gpu_hours=letter_hours(award.gpu_seconds), reason=reason,
    )  # fmt: skip
    return award
