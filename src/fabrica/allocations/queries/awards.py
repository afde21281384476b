"""Awards and what the ledger says of them. Every list a person sees starts from `awards_visible_to`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from fabrica.allocations.engine import Balance, Extending, room_to_extend
from fabrica.allocations.models import (
    IS_UNTOLD,
    Award,
    Extension,
    JobBooking,
    LedgerAccount,
    Move,
    TopUp,
    Transfer,
)
from fabrica.allocations.queries.phases import promised
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications.models import Application
from fabrica.clusters.models import Machine
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.projects import queries as projects
from fabrica.projects.models import Project, Report
from fabrica.projects.states import ReportKind, ReportState

UNUSED_AFTER = timedelta(days=1)  # and every job of it is booked by then; what comes later is paid by the pool
GIVEN_BACK: dict[str, Any] = {"kind": TransferKind.CORRECTION, "target__kind__in": OF_MACHINE}


def awards_visible_to(person: Person) -> QuerySet[Award]:
    """The awards of the projects the person may see, newest first."""
    rows = Award.objects.select_related("project", "machine__site", "application")
    if not projects.sees_all(person):
        rows = rows.filter(project__in=projects.visible_to(person).order_by())
    return rows.order_by("-pk")


def award_of(project: Project) -> Award:
    """The award that pays for a project. Raises NotFound."""
    rows = Award.objects.select_related("project", "machine__site", "application__call")
    found = rows.filter(project=project).first()
    if found is None:
        raise NotFound(_("%(project)s has no award.") % {"project": project}, todo=_("Ask an officer."))
    return found


def project_from(application: Application) -> Project | None:
    """The project that an award to an application opened."""
    return Project.objects.filter(pk__in=Award.objects.filter(application=application).values("project")).first()


def last_move(award: Award) -> int | None:
    """The key of the last move of hours from or to an award; None where there was none."""
    rows = Move.objects.filter(Q(giving=award) | Q(receiving=award))
    last: int | None = rows.aggregate(last=Max("pk"))["last"]
    return last


def award_of_account(machine: Machine, account: str) -> Award | None:
    """The award that an account on a machine is charged for, also after its end; None where it is nobody's."""
    rows = Award.objects.select_related("project", "machine")
    return rows.filter(machine=machine, project__slug=account).first()


def balance(award: Award) -> Balance:
    """Where the award's GPU-seconds are, read in one statement."""
    paid_beyond = Sum("incoming__gpu_seconds", filter=Q(incoming__kind=TransferKind.WRITE_OFF))
    rows = LedgerAccount.objects.filter(award=award).annotate(
        written_off=Coalesce(paid_beyond, 0) - moved("source", **GIVEN_BACK)
    )
    found = {row.kind: row for row in rows}
    free, held, used = (found[kind].balance_gpu_seconds for kind in OF_AWARD)
    later = found[AccountKind.PROMISED].balance_gpu_seconds if AccountKind.PROMISED in found else 0
    written_off = found[AccountKind.USED].written_off
    return Balance(award.gpu_seconds, free, held, used, written_off, award.returned_gpu_seconds, later)


def untold() -> QuerySet[JobBooking]:
    """What is booked for jobs that a token started, and was not told of as yet, or otherwise.

    A job of another award may bear the same token: it is a name that anybody on the machine can give.
    """
    return JobBooking.objects.filter(IS_UNTOLD)


def booked_for(award: Award, token: str) -> dict[int, int]:
    """The GPU-seconds an award was charged for each start of the job that a token started, by the booking's row."""
    rows = JobBooking.objects.filter(award=award, token=token).exclude(token="")
    return dict(rows.values_list("pk", "gpu_seconds"))


def written_off_by(award: Award) -> list[tuple[LedgerAccount, int]]:
    """What supply and pools paid beyond the award and did not get back, the supply first, then the latest pool."""
    net: dict[int, int] = {}
    paid = {"kind": TransferKind.WRITE_OFF, "target__award": award, "target__kind": AccountKind.USED}
    back = {"source__award": award, "source__kind": AccountKind.USED, **GIVEN_BACK}
    for side, sign, only in (("source", 1, paid), ("target", -1, back)):
        rows = Transfer.objects.filter(**only).order_by().values_list(side)
        for account, total in rows.annotate(total=Sum("gpu_seconds")):
            net[account] = net.get(account, 0) + sign * total
    accounts = LedgerAccount.objects.select_related("machine").in_bulk(pk for pk, owed in net.items() if owed)
    ordered = sorted(accounts.values(), key=lambda one: (one.kind != AccountKind.SUPPLY, -one.pk))
    return [(one, net[one.pk]) for one in ordered]


def was_moved(key: str) -> bool:
    """Whether a cause moved hours before."""
    return Transfer.objects.filter(key=key).exists()


def key_of_top_up(award: Award, key: str) -> str:
    """What the transfer of a top-up is called; `key` is what whoever added the hours named it."""
    return f"topup:{award.project.slug}:{key}"


def top_up_of(award: Award, key: str) -> TopUp | None:
    """The top-up of an award that has this key; None where there was none."""
    return top_ups_of(award).filter(transfer__key=key_of_top_up(award, key)).first()


def top_ups_of(award: Award) -> QuerySet[TopUp]:
    """What was added to an award, newest first."""
    return TopUp.objects.select_related("transfer__source__pool", "by").filter(award=award).order_by("-pk")


def moves_of(award: Award) -> QuerySet[Move]:
    """The moves of hours from and to an award, newest first."""
    rows = Move.objects.select_related("by", "giving__project", "receiving__project")
    return rows.filter(Q(giving=award) | Q(receiving=award)).order_by("-pk")


def move_of(giving: Award, key: str) -> Move | None:
    """The move of hours from an award that has this key; None where there was none."""
    return moves_of(giving).filter(giving=giving, key=key).first()


def extensions_of(award: Award) -> QuerySet[Extension]:
    """The extensions of an award, newest first."""
    return Extension.objects.select_related("by").filter(award=award).order_by("-pk")


def extension_of(award: Award, key: str) -> Extension | None:
    """The extension of an award that has this key; None where there was none."""
    return extensions_of(award).filter(key=key).first()


def extending(award: Award) -> Extending | None:
    """What its mode lets an award be extended by, and what of it is left; None where the mode tells nothing of it."""
    had = extended(award)
    return room_to_extend(award.application.call.terms, had, base_of(award))


@dataclass(frozen=True)
class Lacking:
    """Why the report that an extension rests on is not there yet, and what to do; no `report` where none is owed."""

    report: Report | None
    why: str
    todo: str


def lacking_report(award: Award) -> Lacking | None:
    """What keeps an award from being extended until its progress report is accepted; None where nothing does."""
    rule = extending(award)
    if rule is None or not rule.needs_report:
        return None
    report = Report.objects.filter(project=award.project_id, kind=ReportKind.PROGRESS).first()
    if report is None:
        return Lacking(None, _("This award owes no progress report."), _("Ask the project to apply again."))
    if report.state == ReportState.ACCEPTED:
        return None
    todo = {
        ReportState.SUBMITTED: _("Read it on the project's page and accept it, or send it back."),
        ReportState.RETURNED: _("It was sent back: wait until the project hands it in again, then accept it."),
    }.get(ReportState(report.state), _("Ask the project to hand it in, then accept it."))
    facts = {"report": report.get_kind_display(), "state": report.get_state_display()}
    return Lacking(report, _("%(report)s: %(state)s.") % facts, todo)


def base_of(award: Award) -> int:
    """What the percent of its extensions are of: the award with its phases still to come, without extensions."""
    return award.gpu_seconds + promised(award) - extended(award)[1]


def extended(award: Award) -> tuple[int, int]:
    """The months and GPU-seconds of its extensions so far."""
    rows = Extension.objects.filter(award=award)
    found = rows.aggregate(months=Coalesce(Sum("months"), 0), hours=Coalesce(Sum("gpu_seconds"), 0))
    return found["months"], found["hours"]


def transfers_of(award: Award) -> QuerySet[Transfer]:
    """The award's statement: every transfer that touched it, newest first."""
    touched = Q(source__award=award) | Q(target__award=award)
    return Transfer.objects.select_related("source", "target").filter(touched).order_by("-pk")


def held_for(award: Award, hold_key: str) -> int:
    """What is left of one hold, in GPU-seconds."""
    of_hold = Transfer.objects.filter(hold_key=hold_key)
    held = {"award": award, "kind": AccountKind.HELD}
    into = Sum("gpu_seconds", filter=Q(**{f"target__{name}": value for name, value in held.items()}))
    out = Sum("gpu_seconds", filter=Q(**{f"source__{name}": value for name, value in held.items()}))
    left = of_hold.aggregate(left=Coalesce(into, 0) - Coalesce(out, 0))["left"]
    return int(left)


def pool_of(machine: Machine) -> int:
    """The GPU-seconds of a machine's undivided pool that are not awarded yet."""
    pool = LedgerAccount.objects.filter(machine=machine, kind=AccountKind.POOL, pool=None)
    return pool.values_list("balance_gpu_seconds", flat=True).first() or 0


def moved(side: str, **only: Any) -> Coalesce:
    """What transfers moved into (`target`) or out of (`source`) each ledger account, in GPU-seconds."""
    rows = Transfer.objects.filter(**{side: OuterRef("pk")}, **only).order_by().values(side)
    total = Subquery(rows.annotate(total=Sum("gpu_seconds")).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())
