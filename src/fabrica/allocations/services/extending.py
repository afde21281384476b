"""More time for an award that goes on, and hours for it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.engine import add_months, beyond_extension
from fabrica.allocations.models import Award, Extension
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.drawing import check_draw, draw
from fabrica.allocations.services.pricing import must_stay_within
from fabrica.allocations.services.topping_up import check_reason, must_go_on, raise_limit
from fabrica.allocations.services.transfers import check, of_award, used_before
from fabrica.allocations.states import TransferKind
from fabrica.applications.models import MOST
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.projects.models import Project


def check_extend(*, award: Award, months: int, gpu_seconds: int, key: str, reason: str, now: datetime) -> None:
    """Raises Refused where `extend` would at this moment: to be told before anybody confirms."""
    _check(months, gpu_seconds, key, reason)
    must_go_on(award, now)
    _must_fit(award, months, gpu_seconds)
    if gpu_seconds:
        must_stay_within(award_id=award.pk, more=gpu_seconds)
        check_draw(call=award.application.call, gpu_seconds=gpu_seconds, now=now)


@transaction.atomic
def extend(*, award: Award, months: int, gpu_seconds: int, key: str, by: Person, now: datetime, reason: str) -> Award:
    """Give an award more months, and hours from its mode's pool; the same key again does nothing.

    The reason names what was approved, such as the interim report; the leaders read it. Raises NotAllowed for who may
    not add hours to it; Refused beyond what its mode allows (all extensions together; with the source), a cap or the
    pool, without a reason, and after its end.
    """
    if not rules.can_change(by, award):
        raise NotAllowed(
            _("Only an officer or operator who works neither for the organisation nor in the project extends it.")
        )
    _check(months, gpu_seconds, key, reason)
    free, *_rest = of_award(award)
    award = queries.award_of(award.project)
    if before := Extension.objects.filter(award=award, key=key).first():
        if (before.months, before.gpu_seconds) != (months, gpu_seconds):
            raise used_before(key)
        return award
    must_go_on(award, now)
    _must_fit(award, months, gpu_seconds)
    made = Extension.objects.create(
        award=award, key=key, months=months, gpu_seconds=gpu_seconds, by=by, reason=reason.strip(), at=now
    )
    if gpu_seconds:
        draw(
            call=award.application.call, target=free, gpu_seconds=gpu_seconds, kind=TransferKind.EXTEND,
            key=f"extend:{award.project.slug}:{key}", now=now,
        )  # fmt: skip
    return _prolong(award, made)


def _check(months: int, gpu_seconds: int, key: str, reason: str) -> None:
    check(gpu_seconds or 1, key)
    if not 0 <= months <= MOST["months"] or not (months or gpu_seconds):
        raise Refused(_("An extension gives months, hours, or both."), why=_("At most %(months)d months.") % MOST)
    check_reason(reason)
    if not reason.strip():
        raise Refused(_("An extension needs a reason."), todo=_("Name what was approved, such as the interim report."))


def _must_fit(award: Award, months: int, gpu_seconds: int) -> None:
    if lacking := queries.lacking_report(award):
        told = _("%(mode)s is extended only once the interim report is accepted.")
        mode = award.application.call.terms.title
        raise Refused(told % {"mode": mode}, why=lacking.why, todo=lacking.todo)
    had = queries.extended(award)
    terms = award.application.call.terms
    if reason := beyond_extension(terms, had, months, gpu_seconds, queries.base_of(award)):
        raise Refused(reason, todo=_("Grant less, or ask the project to apply again."))


def _prolong(award: Award, made: Extension) -> Award:
    ends_at, more, now = add_months(award.ends_at, made.months), made.gpu_seconds, made.at
    Award.objects.filter(pk=award.pk).update(gpu_seconds=F("gpu_seconds") + more, ends_at=ends_at)
    Project.objects.filter(pk=award.project_id).update(ends_at=ends_at)
    award.refresh_from_db(fields=["gpu_seconds", "ends_at"])
    record(
        verb="award.extend", by=made.by, subject=award.subject, now=now, months=made.months, gpu_seconds=more,
        ends_at=ends_at.isoformat(),
    )  # fmt: skip
    raise_limit(award, more, now)
    tell_leaders(
        award, "award_extended", f"extended:{made.pk}", now, until=timezone.localdate(ends_at),
        more=letter_hours(more) if more else "", gpu_hours=letter_hours(award.gpu_seconds), reason=made.reason,
    )  # fmt: skip
    return award
