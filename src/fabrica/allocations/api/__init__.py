"""The API of awards and the ledger."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field

from fabrica.allocations import queries, rules, services
from fabrica.allocations.api import offers
from fabrica.allocations.api.offers import OfferOut
from fabrica.allocations.engine.years import read_year
from fabrica.allocations.models import Award, Offer
from fabrica.allocations.services.pricing import MOST_CENTS
from fabrica.applications.models import MOST, TEXT_LIMIT
from fabrica.applications.queries import application_of
from fabrica.clusters.queries import machine_by_slug, machines
from fabrica.kit.errors import NotAllowed, NotFound
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects.queries import project_of
from fabrica.web.scopes import needs

router = Router(tags=["awards"])
router.add_router("", offers.router)


class PhaseIn(Schema):
    """A later part of an award: usable from a moment, or once the progress report is accepted, or by an officer."""

    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    opens_at: AwareDatetime | None = None
    on_report: bool = False


class PhaseOut(Schema):
    """A later part of an award."""

    number: int
    gpu_seconds: int
    opens_at: datetime | None
    on_report: bool
    released_at: datetime | None
    dropped_at: datetime | None


class AwardIn(Schema):
    """What to award."""

    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    months: int = Field(ge=1, le=MOST["months"])
    note: str = Field("", max_length=TEXT_LIMIT)
    limit_cents: int | None = Field(None, gt=0, le=MOST_CENTS, description="Pay-per-use: the most that it may cost.")
    phases: list[PhaseIn] = Field([], max_length=services.MOST_PHASES)
    from_reserve: bool = Field(False, description="Paid by the director's reserve: for officers with that right.")


class AwardOut(Schema):
    """An award."""

    application: str = Field(alias="application.code")
    project: str = Field(alias="project.slug")
    machine: str = Field(alias="machine.slug")
    gpu_seconds: int
    months: int
    starts_at: datetime
    ends_at: datetime


class AwardPage(Schema):
    """Some awards, newest first."""

    rows: list[AwardOut]
    next_cursor: str


class BalanceOut(Schema):
    """Where the GPU-seconds are: awarded + written_off = free + held + used + returned."""

    awarded: int
    free: int
    held: int
    used: int
    written_off: int
    returned: int
    promised: int


class ProjectAwardOut(AwardOut):
    """An award with its balance and its account on the machine."""

    balance: BalanceOut
    is_ready: bool
    is_open: bool
    in_flight_gpu_seconds: int
    account_name: str
    account_error: str
    account_checked_at: datetime | None
    phases: list[PhaseOut]

    @staticmethod
    def resolve_phases(award: Award) -> Any:
        return queries.phases_of(award)

    @staticmethod
    def resolve_balance(award: Award) -> Any:
        return queries.balance(award)

    @staticmethod
    def resolve_is_ready(award: Award) -> bool:
        return queries.is_ready(award)

    @staticmethod
    def resolve_is_open(award: Award) -> bool:
        return queries.cluster_account_of(award).is_open_wanted

    @staticmethod
    def resolve_in_flight_gpu_seconds(award: Award) -> int:
        return queries.in_flight(award)

    @staticmethod
    def resolve_account_error(award: Award) -> str:
        return queries.cluster_account_of(award).error

    @staticmethod
    def resolve_account_checked_at(award: Award) -> datetime | None:
        return queries.cluster_account_of(award).checked_at


class AcceptIn(Schema):
    """With `number`, only the offer that was read is accepted."""

    number: int | None = Field(None, ge=1)


class FundIn(Schema):
    """Hours for a machine's pool; the same key again does nothing."""

    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    key: str = Field(min_length=1, max_length=services.KEY_MAX)


class TopUpIn(Schema):
    """Hours to add to an award; the same key again does nothing."""

    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    key: str = Field(min_length=1, max_length=services.KEY_MAX)
    reason: str = Field("", max_length=TEXT_LIMIT)
    from_reserve: bool = Field(False, description="Paid by the director's reserve: for officers with that right.")


class ExtendIn(Schema):
    """More months, and hours from the mode's pool; the same key again does nothing."""

    months: int = Field(0, ge=0, le=MOST["months"])
    gpu_seconds: int = Field(0, ge=0, le=MOST["gpu_seconds"])
    key: str = Field(min_length=1, max_length=services.KEY_MAX)
    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)


class RevokeIn(Schema):
    """Why an award is taken back, or a phase of it."""

    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)


class MoveIn(Schema):
    """Hours for another project's award; the same key again does nothing."""

    to: str = Field(min_length=1, max_length=100, description="The project that gets them.")
    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    key: str = Field(min_length=1, max_length=services.KEY_MAX)
    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)


class WhyIn(Schema):
    """Why something is done; the project's leaders read it."""

    reason: str = Field("", max_length=TEXT_LIMIT)


class MonthOut(Schema):
    """What was used in a month (UTC), by jobs that have ended."""

    month: str
    gpu_seconds: int


class UsageOut(Schema):
    """What a project's jobs used. `in_flight_gpu_seconds` is of those that still run or are not booked yet."""

    machine: str
    in_flight_gpu_seconds: int
    months: list[MonthOut]


class PoolOut(Schema):
    """What a machine's pool holds."""

    machine: str
    pool_gpu_seconds: int


class LedgerOut(Schema):
    """Whether every sum of the ledger holds, and what is wrong where one does not."""

    holds: bool
    problems: list[str]


@router.post("/applications/{code}/award", response={201: ProjectAwardOut, 202: OfferOut})
@needs("decide")
def award(request: HttpRequest, code: str, payload: AwardIn) -> Status[Any]:
    """Award hours to an assessed application; 202 where its applicant answers first: they are set aside until then."""
    person = signed_in(request)
    application = application_of(person, code)
    told = payload.dict() | {"phases": [services.Later(**one.dict()) for one in payload.phases]}
    made = services.grant(application=application, by=person, now=utcnow(), **told)
    return Status(202 if isinstance(made, Offer) else 201, made)


@router.post("/applications/{code}/offer/accept", response={201: ProjectAwardOut})
@needs("apply")
def accept(request: HttpRequest, code: str, payload: AcceptIn | None = None) -> Status[Any]:
    """Accept the award that is offered: its project opens, and its months begin."""
    person = signed_in(request)
    number = payload.number if payload else None
    made = services.accept(application=application_of(person, code), number=number, by=person, now=utcnow())
    return Status(201, made)


@router.get("/awards", response=AwardPage)
@needs("read")
def awards(request: HttpRequest, cursor: str = "") -> Any:
    """The awards I may see."""
    return page_of(queries.awards_visible_to(signed_in(request)), cursor)


@router.get("/projects/{slug}/award", response=ProjectAwardOut)
@needs("read")
def project_award(request: HttpRequest, slug: str) -> Any:
    """What pays for a project: hours left, until when, and its account on the machine."""
    return queries.award_of(project_of(signed_in(request), slug))


@router.post("/projects/{slug}/top-up", response=ProjectAwardOut)
@needs("decide")
def top_up(request: HttpRequest, slug: str, payload: TopUpIn) -> Any:
    """Add hours to a project's award; its account opens again where all were used."""
    person = signed_in(request)
    found = queries.award_of(project_of(person, slug))
    return services.top_up(award=found, by=person, now=utcnow(), **payload.dict())


@router.post("/projects/{slug}/extend", response=ProjectAwardOut)
@needs("decide")
def extend(request: HttpRequest, slug: str, payload: ExtendIn) -> Any:
    """Give a project's award more time, and hours, as its mode allows."""
    person = signed_in(request)
    found = queries.award_of(project_of(person, slug))
    return services.extend(award=found, by=person, now=utcnow(), **payload.dict())


@router.post("/projects/{slug}/phases/{int:number}/release", response=ProjectAwardOut)
@needs("decide")
def release_phase(request: HttpRequest, slug: str, number: int, payload: WhyIn) -> Any:
    """Make a later phase of a project's award usable now; again, it does nothing."""
    person = signed_in(request)
    found = queries.award_of(project_of(person, slug))
    return services.release_phase(award=found, number=number, by=person, now=utcnow(), reason=payload.reason)


@router.post("/projects/{slug}/phases/{int:number}/drop", response=ProjectAwardOut)
@needs("decide")
def drop_phase(request: HttpRequest, slug: str, number: int, payload: RevokeIn) -> Any:
    """Give a later phase of a project's award back to its pool: it will not be released."""
    person = signed_in(request)
    found = queries.award_of(project_of(person, slug))
    return services.drop_phase(award=found, number=number, by=person, now=utcnow(), reason=payload.reason)


@router.post("/projects/{slug}/move", response=ProjectAwardOut)
@needs("decide")
def move(request: HttpRequest, slug: str, payload: MoveIn) -> Any:
    """Move free hours of a project's award to another's on the same machine, paid from the same pool."""
    person, told = signed_in(request), payload.dict()
    receiving = queries.award_of(project_of(person, told.pop("to")))
    giving = queries.award_of(project_of(person, slug))
    services.move(giving=giving, receiving=receiving, by=person, now=utcnow(), **told)
    return queries.award_of(giving.project)


@router.post("/projects/{slug}/revoke", response=ProjectAwardOut)
@needs("decide")
def revoke(request: HttpRequest, slug: str, payload: RevokeIn) -> Any:
    """Take a project's award back: it ends now, and what is free returns to its pools."""
    person = signed_in(request)
    found = queries.award_of(project_of(person, slug))
    return services.revoke(award=found, by=person, now=utcnow(), **payload.dict())


@router.get("/projects/{slug}/usage", response=UsageOut)
@needs("read")
def usage(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What a project used by month of use, and what is in flight."""
    found = queries.award_of(project_of(signed_in(request), slug))
    months = queries.usage_by_month(found)
    return {
        "machine": found.machine.slug,
        "in_flight_gpu_seconds": queries.in_flight(found),
        "months": [{"month": f"{year}-{month:02}", "gpu_seconds": used} for (year, month), used in months.items()],
    }


@router.post("/machines/{slug}/fund", response=PoolOut)
@needs("decide")
def fund(request: HttpRequest, slug: str, payload: FundIn) -> dict[str, Any]:
    """Put hours into a machine's pool."""
    machine = machines().filter(slug=slug).first()
    if machine is None:
        raise NotFound(
            _("There is no machine %(slug)s.") % {"slug": slug}, todo=_("See the machines at /api/machines.")
        )
    services.fund(machine=machine, by=signed_in(request), now=utcnow(), **payload.dict())
    return {"machine": machine.slug, "pool_gpu_seconds": queries.pool_of(machine)}


@router.get("/pools", response=list[queries.Share])
@needs("read")
def pools(request: HttpRequest, on: date | None = None) -> Any:
    """How the pools and caps of every machine stand on a day, today unless asked otherwise; in GPU-seconds.

    403 for others than officers and operators.
    """
    return queries.shares_for(signed_in(request), on or localdate(utcnow()))


@router.put("/machines/{slug}/year", response=list[queries.Share])
@needs("decide")
def set_year(request: HttpRequest, slug: str) -> Any:
    """Declare what a machine gives in an accounting year, or change it. The body: docs/operator/pools.md."""
    person = signed_in(request)
    year = read_year(request.body)
    services.set_year(machine=machine_by_slug(slug), year=year, by=person, now=utcnow())
    return [one for one in queries.shares_for(person, year.starts_on) if one.machine == slug]


@router.get("/ledger/check", response=LedgerOut)
@needs("read")
def ledger_check(request: HttpRequest) -> dict[str, Any]:
    """Recompute every sum of the ledger."""
    if not rules.can_audit(signed_in(request)):
        raise NotAllowed(_("Only officers and operators check the ledger."))
    problems = queries.check_ledger()
    return {"holds": not problems, "problems": problems}
