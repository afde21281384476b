"""Every write about awards and hours. Hours move in `_transfer` and nowhere else.

Two workers at once: whoever touches an award's accounts holds its row first (PostgreSQL; on SQLite a transaction that
writes is alone anyway), every balance is changed where it stands and only while it suffices, and the database itself
refuses one below zero.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from fabrica.allocations import queries, rules
from fabrica.allocations.engine import add_months, beyond, hours
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount, Transfer
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications import services as applications
from fabrica.applications.models import MOST, TEXT_LIMIT, Application
from fabrica.audit.services import record
from fabrica.clusters.models import Machine
from fabrica.kit.errors import NotAllowed, Problem, Refused
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import services as projects
from fabrica.projects.states import Role
from fabrica.reviews import queries as reviews
from fabrica.reviews.states import Verdict

CHECK_EVERY = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
MAX_TRIES_COUNTED = 10  # the wait has long reached its longest; more would only overflow
KEY_MAX = 100
LEG = "|"  # parts a cause that is paid from several accounts: `usage:one:7`, `usage:one:7|free`


@transaction.atomic
def fund(*, machine: Machine, gpu_seconds: int, key: str, by: Person, now: datetime) -> None:
    """Put hours into a machine's pool; the same key again does nothing. Raises NotAllowed, Refused."""
    if not rules.can_fund(by):
        raise NotAllowed("Only an operator puts hours into a machine's pool.")
    _check(gpu_seconds, key)
    supply, pool = _of_machine(machine)
    moved = _transfer(
        key=f"fund:{machine.slug}:{key}", kind=TransferKind.FUND, source=supply, target=pool,
        gpu_seconds=gpu_seconds, now=now,
    )  # fmt: skip
    if moved:
        record(verb="hours.fund", by=by, subject=f"machine:{machine.slug}", now=now, gpu_seconds=gpu_seconds)


@transaction.atomic
def award(
    *, application: Application, gpu_seconds: int, months: int, by: Person, now: datetime, note: str = ""
) -> Award:
    """Award hours to an assessed application: books them, opens its project and asks for its account on the cluster.

    The note, which the applicant reads, is needed where the award differs from what was asked, or where the assessor
    found the plan unfit. Raises NotAllowed for all but officers who do not work for the organisation; Refused beyond
    the mode's limits (with their source) or the pool (with what is left), or in a wrong state.
    """
    if not rules.can_award(by, application):
        raise NotAllowed(
            "Only an officer who neither works for the organisation nor assessed its application awards hours to it."
        )
    if reason := beyond(application.call.mode, gpu_seconds, months):
        raise Refused(reason)
    _must_explain(application, gpu_seconds, months, note)
    applications.mark_awarded(application=application, by=by, now=now, reason=note.strip())
    made = _open(application, gpu_seconds, months, by, now)
    free, *_ = [LedgerAccount.objects.create(kind=kind, machine=made.machine, award=made) for kind in OF_AWARD]
    _supply, pool = _of_machine(made.machine)
    _transfer(
        key=f"award:{application.code}", kind=TransferKind.AWARD, source=pool, target=free,
        gpu_seconds=gpu_seconds, now=now,
    )  # fmt: skip
    ClusterAccount.objects.create(award=made, gpu_seconds_wanted=gpu_seconds, next_check_at=now)
    record(
        verb="award.make", by=by, subject=application.subject, now=now,
        gpu_seconds=gpu_seconds, months=months, project=made.project.slug, machine=made.machine.slug,
    )  # fmt: skip
    return made


def _must_explain(application: Application, gpu_seconds: int, months: int, note: str) -> None:
    if len(note) > TEXT_LIMIT:
        raise Refused(f"The note has at most {TEXT_LIMIT:,} letters.")
    if note.strip():
        return
    if (gpu_seconds, months) != (application.gpu_seconds_requested, application.months):
        raise Refused(
            "The award differs from what was asked.",
            why=f"Asked: {hours(application.gpu_seconds_requested or 0)} GPU-hours for {application.months} months; "
            f"awarded: {hours(gpu_seconds)} for {months}.",
            todo="Write a note that says why; the applicant reads it.",
        )
    found = reviews.latest_of(application)
    if found is not None and found.verdict == Verdict.UNFIT:
        raise Refused("The assessor found the plan unfit.", todo="Write a note that says why you award hours to it.")


def _open(application: Application, gpu_seconds: int, months: int, by: Person, now: datetime) -> Award:
    ends_at = add_months(now, months)
    project = projects.open_project(
        title=application.title,
        organisation=application.organisation,
        purpose=application.purpose,
        gate_decision=application.gate.decision if application.gate else "",
        pi=application.applicant,
        ends_at=ends_at,
        by=by,
        now=now,
    )
    return Award.objects.create(
        application=application, project=project, machine=application.call.machine, gpu_seconds=gpu_seconds,
        months=months, starts_at=now, ends_at=ends_at, awarded_at=now,
    )  # fmt: skip


@transaction.atomic
def hold(*, award: Award, gpu_seconds: int, hold_key: str, now: datetime) -> None:
    """Set hours aside for a job before it starts; the same key again does nothing, also after its release.

    Raises Refused where the award has ended (with the date) or has not enough left (with what is left), and for a
    key that was used with another amount or award.
    """
    _check(gpu_seconds, hold_key)
    free, held, _used = _of_award(award)
    key = f"hold:{hold_key}"
    if now >= award.ends_at and not Transfer.objects.filter(key=key).exists():
        raise Refused(
            f"The award of {award.project} ended on {timezone.localdate(award.ends_at):%-d %B %Y}.",
            todo="Apply again to go on; what you trained stays yours.",
        )
    moved = _transfer(
        key=key, kind=TransferKind.HOLD, source=free, target=held,
        gpu_seconds=gpu_seconds, hold_key=hold_key, now=now,
    )  # fmt: skip
    if moved:
        record(verb="hours.hold", by=None, subject=award.subject, now=now, hold=hold_key, gpu_seconds=gpu_seconds)


@transaction.atomic
def spend(*, award: Award, hold_key: str, gpu_seconds: int, key: str, now: datetime) -> None:
    """Book what a job used; the same key again does nothing. Zero GPU-seconds book nothing.

    Taken from the job's hold, then from what is free. What still exceeds the award was used all the same: the machine's
    pool pays for it, then its supply, as a write-off that the audit tells of. Raises Refused for a key that was used
    with another amount or award.
    """
    if gpu_seconds == 0:
        return
    _check(gpu_seconds, hold_key, key)
    free, held, used = _of_award(award)
    if _was_spent(key, used, gpu_seconds):
        return
    in_hold = min(gpu_seconds, queries.held_for(award, hold_key))
    in_free = min(gpu_seconds - in_hold, free.balance_gpu_seconds)
    parts = [(held, in_hold), (free, in_free)]
    if excess := gpu_seconds - in_hold - in_free:
        parts += _beyond_award(award, excess)
        record(verb="hours.write_off", by=None, subject=award.subject, now=now, key=key, gpu_seconds=excess)
    _pay(parts, used, key, hold_key, now)
    record(verb="hours.spend", by=None, subject=award.subject, now=now, key=key, gpu_seconds=gpu_seconds)


def _was_spent(key: str, used: LedgerAccount, gpu_seconds: int) -> bool:
    legs = Transfer.objects.filter(key__in=[key, *(f"{key}{LEG}{kind}" for kind in AccountKind.values)])
    if not legs:
        return False
    before = legs.filter(target=used).aggregate(total=Sum("gpu_seconds"))["total"]
    if before != gpu_seconds:
        raise _used_before(key)
    return True


def _beyond_award(award: Award, excess: int) -> list[tuple[LedgerAccount, int]]:
    """Who pays beyond an award: the pool as far as it goes, then the supply."""
    supply, pool = _of_machine(award.machine, lock=True)
    in_pool = min(excess, pool.balance_gpu_seconds)
    return [(pool, in_pool), (supply, excess - in_pool)]


def _pay(parts: list[tuple[LedgerAccount, int]], used: LedgerAccount, key: str, hold_key: str, now: datetime) -> None:
    """One transfer for each account that pays; the first carries the plain key, so that it can be looked up."""
    paying = [(source, part) for source, part in parts if part]
    for number, (source, part) in enumerate(paying):
        _transfer(
            key=f"{key}{LEG}{source.kind}" if number else key,
            kind=TransferKind.WRITE_OFF if source.kind in OF_MACHINE else TransferKind.SPEND,
            source=source,
            target=used,
            gpu_seconds=part,
            hold_key=hold_key,
            now=now,
        )


@transaction.atomic
def release(*, award: Award, hold_key: str, now: datetime) -> None:
    """Give back what is left of a hold; again, it does nothing."""
    free, held, _used = _of_award(award)
    left = queries.held_for(award, hold_key)
    if not left:
        return
    _transfer(
        key=f"release:{hold_key}", kind=TransferKind.RELEASE, source=held, target=free,
        gpu_seconds=left, hold_key=hold_key, now=now,
    )  # fmt: skip
    record(verb="hours.release", by=None, subject=award.subject, now=now, hold=hold_key, gpu_seconds=left)


def _check(gpu_seconds: int, *keys: str) -> None:
    if not 0 < gpu_seconds <= MOST["gpu_seconds"]:
        raise Refused(f"{gpu_seconds} GPU-seconds cannot be booked.", why=f"From 1 to {MOST['gpu_seconds']:,} can.")
    for key in keys:
        if not 0 < len(key) <= KEY_MAX or not key.isprintable() or LEG in key:
            raise Refused("A booking needs a key.", why=f"A key has 1 to {KEY_MAX} plain letters and no '{LEG}'.")


def _of_machine(machine: Machine, *, lock: bool = False) -> tuple[LedgerAccount, LedgerAccount]:
    """Supply and pool of a machine, made when first asked for; always in this order, so nobody waits in a ring."""
    rows = LedgerAccount.objects.select_for_update(no_key=True) if lock else LedgerAccount.objects.all()
    supply, pool = (rows.get_or_create(machine=machine, kind=kind, award=None)[0] for kind in OF_MACHINE)
    return supply, pool


def _of_award(award: Award) -> tuple[LedgerAccount, LedgerAccount, LedgerAccount]:
    """Free, held and used of an award, read once nobody else can change them before we are done."""
    Award.objects.select_for_update(no_key=True).get(pk=award.pk)
    found = {one.kind: one for one in LedgerAccount.objects.filter(award=award)}
    free, held, used = (found[kind] for kind in OF_AWARD)
    return free, held, used


def _transfer(
    *,
    key: str,
    kind: TransferKind,
    source: LedgerAccount,
    target: LedgerAccount,
    gpu_seconds: int,
    now: datetime,
    hold_key: str = "",
) -> bool:
    """The one place where hours move: one row with a key of its own, and both balances, or nothing at all.

    False, changing nothing, where this key moved the same before. Raises Refused where the source has not enough, or
    the key moved something else. The row goes first: of two workers with one key, the second waits there for the first.
    """
    facts = {"kind": kind, "source": source, "target": target, "gpu_seconds": gpu_seconds, "hold_key": hold_key}
    try:
        with transaction.atomic():
            Transfer.objects.create(key=key, at=now, **facts)
            _move(source, target, gpu_seconds)
    except IntegrityError:
        if not Transfer.objects.filter(key=key).exists():
            raise
        if not Transfer.objects.filter(key=key, **facts).exists():
            raise _used_before(key) from None
        return False
    return True


def _move(source: LedgerAccount, target: LedgerAccount, gpu_seconds: int) -> None:
    able = LedgerAccount.objects.filter(pk=source.pk)
    if source.kind != AccountKind.SUPPLY:
        able = able.filter(balance_gpu_seconds__gte=gpu_seconds)
    if not able.update(balance_gpu_seconds=F("balance_gpu_seconds") - gpu_seconds):
        raise _too_little(source, gpu_seconds)
    receiving = LedgerAccount.objects.filter(pk=target.pk)
    receiving.update(balance_gpu_seconds=F("balance_gpu_seconds") + gpu_seconds)


def _too_little(source: LedgerAccount, gpu_seconds: int) -> Refused:
    source.refresh_from_db(fields=["balance_gpu_seconds"])
    left, needed = hours(source.balance_gpu_seconds), hours(gpu_seconds)
    if source.kind == AccountKind.POOL:
        return Refused(
            f"The pool of {source.machine} has {left} GPU-hours left; the award needs {needed}.",
            todo="Award less, or ask an operator to fund the pool.",
        )
    return Refused(
        f"The project has {left} GPU-hours left; this needs {needed}.",
        todo="Make it smaller or its time limit shorter, wait until a running job gives hours back, or apply again.",
    )


def _used_before(key: str) -> Refused:
    return Refused(f"The key {key} was used for another booking.", todo="Look at the ledger; nothing was changed.")


@transaction.atomic
def note_read_back(*, account: ClusterAccount, drift: str, now: datetime) -> bool:
    """Keep that the account was read back as wanted; the first time, the project's leaders are told.

    `drift` tells what somebody had changed on the cluster, and was put right. False, writing nothing, where the
    worker lost its claim meanwhile.
    """
    first = account.ready_at is None
    settled = account.settle(
        gpu_seconds_applied=account.gpu_seconds_wanted, ready_at=account.ready_at or now, checked_at=now,
        next_check_at=now + CHECK_EVERY, tries=0, error=drift,
    )  # fmt: skip
    if settled and first:
        record(verb="cluster_account.ready", by=None, subject=account.award.subject, now=now)
        _tell_leaders(account.award, now)
    if settled and drift:
        record(verb="cluster_account.drift", by=None, subject=account.award.subject, now=now)
    return settled


def note_trouble(*, account: ClusterAccount, problem: Problem, now: datetime) -> bool:
    """Keep why the cluster could not be brought there, and wait twice as long as the last time, at most 15 minutes."""
    wait = min(FIRST_WAIT * 2**account.tries, LONGEST_WAIT)
    tries = min(account.tries + 1, MAX_TRIES_COUNTED)
    return account.settle(error=str(problem)[:2000], tries=tries, next_check_at=now + wait)


def _tell_leaders(award: Award, now: datetime) -> None:
    for leader in award.project.members.select_related("person").filter(role=Role.PI):
        tell(
            person=leader.person,
            kind="award_ready",
            event=f"{award.subject}:ready",
            now=now,
            path=f"/projects/{award.project.slug}/",
            award=award,
            gpu_hours=hours(award.gpu_seconds),
        )
