"""Hours moved from one project's award to another's: back to the pool they came from, and out of it again, at once."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.engine import beyond
from fabrica.allocations.models import Award, Move, PricedAward
from fabrica.allocations.saying import letter_hours, told_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.drawing import shift
from fabrica.allocations.services.foreseeing import foresee
from fabrica.allocations.services.pricing import must_stay_within
from fabrica.allocations.services.topping_up import check_reason, must_go_on, raise_limit
from fabrica.allocations.services.transfers import check, of_award, used_before
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person


def check_move(
    *, giving: Award, receiving: Award, gpu_seconds: int, key: str, by: Person, now: datetime, reason: str
) -> None:
    """Raises what `move` would at this moment, and changes nothing: to be told before anybody confirms."""
    with transaction.atomic():
        move(giving=giving, receiving=receiving, gpu_seconds=gpu_seconds, key=key, by=by, now=now, reason=reason)
        transaction.set_rollback(True)


@transaction.atomic
def move(
    *, giving: Award, receiving: Award, gpu_seconds: int, key: str, by: Person, now: datetime, reason: str
) -> Move:
    """Move free hours of an award to another on the same machine that is paid from the same pool; once for each key.

    The caps count them for the mode that has them. Raises NotAllowed for who may not add hours to both, or may not give
    what is of the director's reserve; Refused beyond what is free and not used by jobs that run, a cap, the mode's
    limit or the limit in money, without a reason, after either award's end, where only one of them pays, and where
    nothing would be left of the giving award.
    """
    if not (rules.can_change(by, giving) and rules.can_change(by, receiving)):
        raise NotAllowed(
            _(
                "Only an officer or operator who works neither for the organisations nor in the projects moves hours "
                "between them."
            )
        )
    check(gpu_seconds, key)
    check_reason(reason)
    if not reason.strip():
        raise Refused(_("To move hours needs a reason."), todo=_("Say why; the leaders of both projects read it."))
    giving, receiving = _held(giving, receiving)
    if before := Move.objects.filter(giving=giving, key=key).first():
        if (before.receiving_id, before.gpu_seconds) != (receiving.pk, gpu_seconds):
            raise used_before(key)
        return before
    _must_fit(giving, receiving, gpu_seconds, now)
    shift(
        giving=giving, receiving=receiving, gpu_seconds=gpu_seconds, key=f"move:{giving.project.slug}:{key}", by=by,
        now=now, reason=reason,
    )  # fmt: skip
    made = Move.objects.create(
        giving=giving, receiving=receiving, key=key, gpu_seconds=gpu_seconds, by=by, reason=reason.strip(), at=now
    )
    changes = ((giving, -gpu_seconds), (receiving, gpu_seconds))
    for award, more in sorted(changes, key=lambda one: one[0].pk):  # always the older first, as they are held
        _grow(award, more, made)
    return made


def _held(*awards: Award) -> tuple[Award, Award]:
    """Both awards, held until we are done: the older first, so that two officers never wait in a ring."""
    for one in sorted(awards, key=lambda one: one.pk):
        of_award(one)
    giving, receiving = (queries.award_of(one.project) for one in awards)
    return giving, receiving


def _must_fit(giving: Award, receiving: Award, gpu_seconds: int, now: datetime) -> None:
    must_go_on(giving, now)
    must_go_on(receiving, now)
    if giving.pk == receiving.pk or giving.machine_id != receiving.machine_id:
        raise Refused(
            _("Hours move between the awards of two projects on one machine."),
            why=_("These are on %(one)s and %(other)s; each machine counts hours of its own.")
            % {"one": giving.machine, "other": receiving.machine},
        )
    left = min(queries.spare(giving), giving.gpu_seconds - 1)
    if gpu_seconds > left:
        raise Refused(
            _("%(project)s can give %(left)s GPU-hours; you move %(moved)s.")
            % {"project": giving.project, "left": told_hours(max(0, left)), "moved": told_hours(gpu_seconds)},
            why=_("What is used, held for runs or used already by jobs that run stays."),
            todo=_("Move less. To give all of it back, take the award back."),
        )
    total = receiving.gpu_seconds + queries.promised(receiving) + gpu_seconds
    if reason := beyond(receiving.application.call.mode, total, receiving.months):
        raise Refused(reason, todo=_("Move less, or ask the project to apply in a larger mode."))
    _must_pay_alike(giving, receiving)
    must_stay_within(award_id=receiving.pk, more=gpu_seconds)


def _must_pay_alike(giving: Award, receiving: Award) -> None:
    if PricedAward.objects.filter(award__in=[giving, receiving]).count() == 1:
        raise Refused(
            _("Hours do not move between an award that pays and one that is free of charge."),
            why=_("Hours given for free would be billed, or sold hours given away."),
            todo=_("Take the hours back, and award others to the project that needs them."),
        )


def _grow(award: Award, more: int, made: Move) -> None:
    Award.objects.filter(pk=award.pk).update(gpu_seconds=F("gpu_seconds") + more)
    award.refresh_from_db(fields=["gpu_seconds"])
    other = made.receiving if more < 0 else made.giving
    record(
        verb="award.move", by=made.by, subject=award.subject, now=made.at, gpu_seconds=more, other=other.subject,
        total=award.gpu_seconds,
    )  # fmt: skip
    raise_limit(award, more, made.at)
    foresee(award=award, now=made.at)
    tell_leaders(
        award, "award_moved", f"moved:{made.pk}", made.at,
        moved=letter_hours(abs(more)), is_more=more > 0, gpu_hours=letter_hours(award.gpu_seconds),
        reason=made.reason,
    )  # fmt: skip
