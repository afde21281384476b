"""The phases of an award: what is promised for later, and what is due."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from fabrica.allocations.models import Award, LedgerAccount, Phase, Transfer
from fabrica.allocations.states import AccountKind, TransferKind
from fabrica.calls.models import Call
from fabrica.projects.engine import owed
from fabrica.projects.models import Report
from fabrica.projects.states import ReportKind, ReportState


def promised_account(award: Award) -> LedgerAccount | None:
    """Where the later phases of an award are set aside; None where it has none."""
    return LedgerAccount.objects.filter(award=award, kind=AccountKind.PROMISED).first()


def promised(award: Award) -> int:
    """The GPU-seconds of its phases that are still to come."""
    account = promised_account(award)
    return account.balance_gpu_seconds if account else 0


def promised_from(award: Award) -> LedgerAccount | None:
    """The pool that paid for the later phases of an award; None where it has none."""
    found = Transfer.objects.select_related("source").filter(target__award=award, kind=TransferKind.PROMISE).first()
    return found.source if found else None


def phases_of(award: Award) -> QuerySet[Phase]:
    """The later phases of an award, the next first."""
    return Phase.objects.select_related("by").filter(award=award).order_by("number")


def phase_of(award: Award, number: int) -> Phase | None:
    """A later phase of an award; None where it has no such phase."""
    return phases_of(award).filter(number=number).first()


def dropped_with(award: Award) -> int:
    """The GPU-seconds of its phases that were still to come when it was taken back."""
    if award.revoked_at is None:
        return 0
    dropped = Phase.objects.filter(award=award, dropped_at=award.revoked_at)
    return int(dropped.aggregate(total=Coalesce(Sum("gpu_seconds"), 0))["total"])


def owes_progress(call: Call, months: int, begin: date) -> bool:
    """Whether an award of a call for so many months, begun on a day, will owe a progress report."""
    return any(one.kind == ReportKind.PROGRESS for one in owed(call.mode_row["key"], months, begin))


def phases_due(now: datetime) -> QuerySet[Phase]:
    """The phases whose day has come, or whose progress report is accepted, of awards that go on."""
    accepted = Report.objects.filter(
        project=OuterRef("award__project"), kind=ReportKind.PROGRESS, state=ReportState.ACCEPTED
    )
    rows = Phase.objects.select_related("award__project").filter(released_at=None, dropped_at=None)
    is_due = Q(opens_at__lte=now) | (Q(on_report=True) & Exists(accepted))
    return rows.filter(is_due, award__ends_at__gt=now, award__revoked_at=None).order_by("pk")
