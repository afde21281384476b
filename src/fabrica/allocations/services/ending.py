"""An award that ends, by its date or because it is taken back: what nobody used returns to the pools it came from."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.models import Award, ClusterAccount, Transfer
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.drawing import give_back
from fabrica.allocations.services.phasing import drop_all
from fabrica.allocations.services.topping_up import check_reason, must_go_on
from fabrica.allocations.services.transfers import of_award
from fabrica.allocations.services.watching import FREED
from fabrica.allocations.states import TransferKind
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.projects.models import Project


@transaction.atomic
def return_unused(*, award: Award, now: datetime) -> int:
    """Give the pools back what an award had free a day after its end; how much. Again, it does nothing.

    What is held for jobs, or used by jobs that are not booked yet, stays until they are. Hours that become free later
    go back the next time.
    """
    of_award(award)
    if not queries.unused_due(now).filter(pk=award.pk).exists():
        return 0
    return _return(award, None, now)


def check_revoke(*, award: Award, now: datetime) -> None:
    """Raises Refused for an award that has ended: to be told before anybody confirms."""
    must_go_on(award, now)


@transaction.atomic
def revoke(*, award: Award, by: Person, now: datetime, reason: str) -> Award:
    """Take an award back: it ends now, its account closes, and what is free returns to the pools it came from.

    What runs goes on to its end, and is booked. The leaders read the reason. Raises NotAllowed for who may not add
    hours to it, Refused without a reason and for an award that has ended.
    """
    if not rules.can_change(by, award):
        raise NotAllowed(
            _("Only an officer or operator who works neither for the organisation nor in the project takes it back.")
        )
    check_reason(reason)
    if not reason.strip():
        raise Refused(_("To take an award back needs a reason."), todo=_("Say why; the project's leaders read it."))
    of_award(award)
    award = queries.award_of(award.project)
    must_go_on(award, now)
    award.ends_at = max(now, award.starts_at + timedelta(seconds=1))
    award.revoked_at, award.revoked_by, award.revoke_reason = now, by, reason.strip()
    award.save(update_fields=["ends_at", "revoked_at", "revoked_by", "revoke_reason"])
    Project.objects.filter(pk=award.project_id).update(ends_at=award.ends_at)
    ClusterAccount.objects.filter(award=award).update(next_check_at=now, tries=0, **FREED)
    returned = _return(award, by, now)
    record(verb="award.revoke", by=by, subject=award.subject, now=now, gpu_seconds=returned)
    tell_leaders(award, "award_revoked", "revoked", now, returned=letter_hours(returned), reason=reason.strip())
    return award


def _return(award: Award, by: Person | None, now: datetime) -> int:
    """What is promised or free of a locked award, and not used already by jobs that are not booked yet, goes back."""
    promised = drop_all(award=award, now=now)
    free, *_rest = of_award(award)
    count = Transfer.objects.filter(source=free, kind=TransferKind.RETURN).count()
    returned = give_back(
        award=award, source=free, gpu_seconds=queries.spare(award), key=f"return:{award.project.slug}:{count}",
        now=now,
    )  # fmt: skip
    if returned:
        Award.objects.filter(pk=award.pk).update(returned_gpu_seconds=F("returned_gpu_seconds") + returned)
        award.refresh_from_db(fields=["returned_gpu_seconds"])
    if returned + promised:
        record(verb="hours.return", by=by, subject=award.subject, now=now, gpu_seconds=returned + promised)
    return returned + promised
