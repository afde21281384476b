"""The API of recipes, plans, runs and bills."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from fabrica import planner
from fabrica.allocations.queries import award_of
from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.queries import staging_of, version_of
from fabrica.kit.errors import Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.projects.models import Project
from fabrica.projects.queries import project_of
from fabrica.trainer.recipe import recipe_from
from fabrica.training import queries, services
from fabrica.training.engine import MAX_TIME_LIMIT_SECONDS
from fabrica.training.models import Run
from fabrica.training.queries import RunBill
from fabrica.web.scopes import needs

router = Router(tags=["training"])
MAX_DEVICES = 100_000
ESTIMATE = "the machine's own estimate, which assumes that every job runs to its limit: usually later than what happens"


class KeyOut(Schema):
    """A key that a recipe may set."""

    key: str
    default: Any
    low: float | None
    high: float | None
    choices: list[str]


class RecipeOut(Schema):
    """A built-in recipe: all its values, and every key that may be changed."""

    name: str
    values: dict[str, Any]
    keys: list[KeyOut]


class PlanIn(Schema):
    """What to plan."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any] = Field(examples=[{"name": "tiny"}])
    devices: int = Field(1, ge=1, le=MAX_DEVICES)
    nodes: int = Field(0, ge=0, le=MAX_DEVICES, description="over how many; 0 for as few as the devices fit on")
    time_limit_seconds: int | None = Field(None, ge=1, le=MAX_TIME_LIMIT_SECONDS)


class RunIn(Schema):
    """What to launch: a recipe or an own command, on data staged into the project."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any] | None = Field(None, examples=[{"name": "tiny"}])
    command: list[str] | None = Field(None, max_length=200)
    container: str = Field("", max_length=4_000, description="path of an Apptainer image on the machine")
    data: list[str] = Field(default=[], max_length=20, examples=[["fabrica:python-stdlib@1"]])
    devices: int = Field(1, ge=1, le=MAX_DEVICES)
    nodes: int = Field(0, ge=0, le=MAX_DEVICES, description="over how many; 0 for as few as the devices fit on")
    time_limit_seconds: int | None = Field(None, ge=1, le=MAX_TIME_LIMIT_SECONDS)


class PriceOut(Schema):
    """What the same hours would cost where they could be rented."""

    vendor: str
    gpu: str
    priced_on: str
    eur_cents_low: int
    eur_cents_high: int


class PlanOut(Schema):
    """What a run would take, and what would be held for it."""

    seconds: int
    seconds_low: int
    seconds_high: int
    devices: int
    gpu_seconds: int
    tokens_per_second: float
    energy_wh: float
    co2e_grams: float
    cost: PriceOut | None
    is_measured: bool
    confidence: str
    assumptions: list[str]
    time_limit_seconds: int
    held_gpu_seconds: int


class AttemptOut(Schema):
    """One job for a run."""

    number: int
    job_id: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    gpu_seconds: int
    restarts: int = Field(description="how often its machine started the job again")
    exit_code: int | None
    ended_because: str


class RunRow(Schema):
    """A run in a list."""

    project: str = Field(alias="project.slug")
    number: int
    uid: str
    kind: str
    state: str
    reason: str = Field(alias="why_it_waits.sentence", description="why it waits")
    todo: str = Field(alias="why_it_waits.todo", description="what to do about it")
    waiting_code: str = Field(description="the machine's own word for why it waits")
    machine_starts_at: datetime | None = Field(description=ESTIMATE)
    phase: str
    step: int
    steps: int
    loss: float | None
    tokens_per_second: float | None
    seconds_left: float | None
    used_gpu_seconds: int
    is_cancelling: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class EvaluatedOut(Schema):
    """What a run of kind evaluate measures."""

    model: str
    profile: str
    seed: int


class RunOut(RunRow):
    """A run."""

    machine: str = Field(alias="machine.slug")
    recipe: dict[str, Any] | None
    command: list[str]
    evaluation: EvaluatedOut | None
    data: list[str]
    devices: int
    nodes: int
    time_limit_seconds: int
    planned_seconds: int | None
    planned_gpu_seconds: int | None
    error: dict[str, str] | None
    result: dict[str, Any] | None
    lines_skipped: int
    attempts: list[AttemptOut]

    @staticmethod
    def resolve_data(run: Run) -> list[str]:
        rows = run.data.select_related("staging__version__dataset").order_by("pk")
        return [row.staging.version.uri for row in rows]

    @staticmethod
    def resolve_error(run: Run) -> dict[str, str] | None:
        told = {"what": run.error_what, "why": run.error_why, "todo": run.error_todo}
        return told if run.error_what else None


class RunPage(Schema):
    """Some runs, newest first."""

    rows: list[RunRow]
    next_cursor: str


class PointOut(Schema):
    """One logged step; loss in nats per token."""

    step: int
    loss: float
    tokens_per_second: float
    elapsed_seconds: float


class LogOut(Schema):
    """A piece of the log; read on from `next_offset` until `done`."""

    text: str
    next_offset: int
    done: bool


class HourPriceOut(Schema):
    """What an hour of a rented GPU cost on a day, in US cents; for orientation where the hours do not compare."""

    vendor: str
    gpu: str
    priced_on: str
    usd_cents_low: int
    usd_cents_high: int


class BillOut(Schema):
    """What was used against the award, and what it amounts to. Estimates, each assumption with source and date."""

    runs: int
    attempts: int
    used_gpu_seconds: int
    award_gpu_seconds: int
    left_gpu_seconds: int
    planned_seconds: int | None
    actual_seconds: int | None
    energy_wh: float
    energy_is: str = Field(description="recorded by the machine, estimated, or mixed")
    co2e_grams: float
    cloud: list[PriceOut]
    cloud_note: str
    price_list: list[HourPriceOut]
    confidence: str
    assumptions: list[str]


def _price(cost: planner.CloudCost) -> dict[str, Any]:
    price = cost.price
    shown = {"vendor": price.vendor, "gpu": price.gpu, "priced_on": price.priced_on}
    return {**shown, "eur_cents_low": cost.eur_cents_low, "eur_cents_high": cost.eur_cents_high}


def _bill(found: RunBill) -> dict[str, Any]:
    facts = found.facts
    return {
        **{name: getattr(facts, name) for name in ("used_gpu_seconds", "award_gpu_seconds", "left_gpu_seconds")},
        **{name: getattr(facts, name) for name in ("planned_seconds", "actual_seconds", "cloud_note", "confidence")},
        "runs": found.runs,
        "attempts": found.attempts,
        "energy_wh": facts.footprint.energy_wh,
        "energy_is": facts.energy_is,
        "co2e_grams": facts.footprint.co2e_grams,
        "cloud": [_price(one) for one in facts.cloud],
        "price_list": facts.price_list,
        "assumptions": _told(facts),
    }


def _told(facts: planner.Bill | planner.Plan) -> list[str]:
    return [f"{one.name} {one.value:g} {one.unit}: {one.source}" for one in facts.assumptions]


def _stagings(person: Person, project: Project, uris: list[str]) -> list[Staging]:
    """The stagings of these versions. Raises NotFound, and Refused for one that was never staged here."""
    found = []
    for uri in uris:
        staging = staging_of(project, version_of(person, uri))
        if staging is None:
            raise Refused(
                _("%(uri)s is not staged into %(project)s.") % {"uri": uri, "project": project.title},
                todo=_("Accept its terms and stage it first."),
            )
        found.append(staging)
    return found


@router.get("/recipes", response=list[RecipeOut])
@needs("read")
def recipes(request: HttpRequest) -> Any:  # noqa: ARG001 - the same for everybody
    """The built-in recipes, and the keys they may set with their bounds."""
    return queries.recipes()


@router.post("/projects/{slug}/plan", response=PlanOut)
@needs("read")
def plan(request: HttpRequest, slug: str, payload: PlanIn) -> dict[str, Any]:
    """What a run would take on the project's machine. Nothing is held or launched."""
    machine = award_of(project_of(signed_in(request), slug)).machine
    found = queries.plan(machine, recipe_from(payload.recipe), payload.devices, payload.nodes)
    held = queries.hold(
        machine,
        devices=payload.devices,
        nodes=payload.nodes,
        planned_seconds=found.seconds,
        given=payload.time_limit_seconds,
    )
    plain = ("seconds", "seconds_low", "seconds_high", "devices", "gpu_seconds", "tokens_per_second", "is_measured")
    return {
        **{name: getattr(found, name) for name in plain},
        "energy_wh": found.footprint.energy_wh,
        "co2e_grams": found.footprint.co2e_grams,
        "cost": _price(found.cost) if found.cost else None,
        "confidence": found.confidence,
        "assumptions": _told(found),
        "time_limit_seconds": held.time_limit_seconds,
        "held_gpu_seconds": held.gpu_seconds,
    }


@router.post("/projects/{slug}/runs", response={201: RunOut})
@needs("train")
def launch(request: HttpRequest, slug: str, payload: RunIn) -> Run:
    """Launch a run. Its hours are held until it ends."""
    person = signed_in(request)
    project = project_of(person, slug)
    wish = payload.dict()
    stagings = _stagings(person, project, wish.pop("data"))
    return services.launch(project=project, stagings=stagings, by=person, now=utcnow(), **wish)


@router.get("/projects/{slug}/runs", response=RunPage)
@needs("read")
def runs(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """The runs of a project, newest first."""
    person = signed_in(request)
    return page_of(queries.runs_in(person, project_of(person, slug)), cursor)


@router.get("/projects/{slug}/runs/{int:number}", response=RunOut)
@needs("read")
def run(request: HttpRequest, slug: str, number: int) -> Run:
    """One run."""
    return queries.run_of(signed_in(request), slug, number)


@router.get("/projects/{slug}/runs/{int:number}/points", response=list[PointOut])
@needs("read")
def points(request: HttpRequest, slug: str, number: int, after: int = -1) -> Any:
    """The logged steps after a step, in order."""
    return queries.points_after(queries.run_of(signed_in(request), slug, number), after)


@router.get("/projects/{slug}/runs/{int:number}/log", response=LogOut)
@needs("read")
def log(request: HttpRequest, slug: str, number: int, offset: int = 0) -> dict[str, Any]:
    """The log from a byte on."""
    piece = queries.log_of(queries.run_of(signed_in(request), slug, number), offset)
    return {"text": piece.text, "next_offset": piece.next_offset, "done": piece.is_last}


@router.post("/projects/{slug}/runs/{int:number}/cancel", response=RunOut)
@needs("train")
def cancel(request: HttpRequest, slug: str, number: int) -> Run:
    """Ask for the end of a run."""
    person = signed_in(request)
    return services.cancel(run=queries.run_of(person, slug, number), by=person, now=utcnow())


@router.get("/projects/{slug}/runs/{int:number}/bill", response=BillOut)
@needs("read")
def run_bill(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    """What a run used so far."""
    return _bill(queries.bill(queries.run_of(signed_in(request), slug, number)))


@router.get("/projects/{slug}/bill", response=BillOut)
@needs("read")
def project_bill(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What all runs of a project used."""
    return _bill(queries.bill(project_of(signed_in(request), slug)))
