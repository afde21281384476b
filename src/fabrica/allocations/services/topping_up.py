"""More hours for an award that goes on."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.engine import beyond, reached
from fabrica.allocations.models import Award, ClusterAccount, TopUp, Transfer
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.drawing import check_draw, draw, must_use_reserve
from fabrica.allocations.services.foreseeing import foresee
from fabrica.allocations.services.pricing import must_stay_within
from fabrica.allocations.services.transfers import check, of_award
from fabrica.allocations.services.watching import FREED, open_again
from fabrica.allocations.states import TransferKind
from fabrica.applications.models import TEXT_LIMIT
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person


def check_top_up(*, award: Award, gpu_seconds: int, key: str, now: datetime, from_reserve: bool = False) -> None:
    """Raises Refused where `top_up` would at this moment: to be told before anybody confirms."""
    check(gpu_seconds, key)
    _check_room(award, gpu_seconds, now)
    must_stay_within(award_id=award.pk, more=gpu_seconds)
    check_draw(call=award.application.call, gpu_seconds=gpu_seconds, now=now, from_reserve=from_reserve)


@transaction.atomic
def top_up(
    *, award: Award, gpu_seconds: int, key: str, by: Person, now: datetime, reason: str = "", from_reserve: bool = False
) -> Award:
    """Add hours from the pool of its mode, or the director's reserve, to an award; a stopped account opens again.

    The same key again does nothing. The leaders read the reason. Raises NotAllowed for all but operators and the
    officers who may decide on its application and do not work in the project; Refused beyond the mode's limit or a cap
    (each with its source) or the pool, for a reason that is too long, and after the award's end.
    """
    if not rules.can_top_up(by, award):
        raise NotAllowed(
            _("Only an officer or operator who works neither for the organisation nor in the project adds hours to it.")
        )
    check(gpu_seconds, key)
    check_reason(reason)
    if from_reserve:
        must_use_reserve(by, reason)
    free, *_rest = of_award(award)
    award = queries.award_of(award.project)
    name = queries.key_of_top_up(award, key)
    if not queries.was_moved(name):
        _check_room(award, gpu_seconds, now)
    if not draw(
        call=award.application.call, key=name, kind=TransferKind.TOP_UP, target=free, gpu_seconds=gpu_seconds,
        from_reserve=from_reserve, now=now,
    ):  # fmt: skip
        return award
    Award.objects.filter(pk=award.pk).update(gpu_seconds=F("gpu_seconds") + gpu_seconds)
    award.refresh_from_db(fields=["gpu_seconds"])
    record(verb="award.top_up", by=by, subject=award.subject, now=now, gpu_seconds=gpu_seconds, total=award.gpu_seconds)
    made = TopUp.objects.create(award=award, transfer=Transfer.objects.get(key=name), by=by, reason=reason)
    raise_limit(award, gpu_seconds, now)
    tell_leaders(
        award, "award_topped_up", f"topped-up:{made.pk}", now,
        more=letter_hours(gpu_seconds), gpu_hours=letter_hours(award.gpu_seconds), reason=reason,
    )  # fmt: skip
    foresee(award=award, now=now)
    return award


def check_reason(reason: str) -> None:
    """Raises Refused for a reason that is too long to keep."""
    if len(reason) > TEXT_LIMIT:
        raise Refused(
            _("The reason has %(letters)s letters.") % {"letters": f"{len(reason):,}"},
            why=_("At most %(most)s are kept.") % {"most": f"{TEXT_LIMIT:,}"},
            todo=_("Shorten it."),
        )


def must_go_on(award: Award, now: datetime) -> None:
    """Raises Refused for an award that has ended, or was taken back this second."""
    if now >= award.ends_at or award.revoked_at is not None:
        raise Refused(
            _("The award of %(project)s ended on %(day)s.")
            % {"project": award.project, "day": formats.date_format(timezone.localdate(award.ends_at), "j F Y")},
            todo=_("The project can apply again."),
        )


def _check_room(award: Award, gpu_seconds: int, now: datetime) -> None:
    must_go_on(award, now)
    if reason := beyond(
        award.application.call.mode, award.gpu_seconds + queries.promised(award) + gpu_seconds, award.months
    ):
        raise Refused(reason, todo=_("Add less, or ask the project to apply in a larger mode."))


def raise_limit(award: Award, gpu_seconds: int, now: datetime) -> None:
    """The limit on the cluster, at once: whoever is looking at the account now loses its claim and looks again."""
    account = ClusterAccount.objects.get(award=award)
    percent = reached(queries.used_so_far(award), award.gpu_seconds)
    ClusterAccount.objects.filter(pk=account.pk).update(
        gpu_seconds_wanted=F("gpu_seconds_wanted") + gpu_seconds,
        told_percent=min(account.told_percent, percent),
        next_check_at=now,
        tries=0,
        **FREED,
    )
    if percent < 100:  # noqa: PLR2004 - percent
        open_again(account, now=now)
