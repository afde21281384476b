"""The API of models and keys."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from fabrica.dataspaces.queries import staging_of, version_of
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.registry import declaring, queries, rules, services
from fabrica.registry.engine.documents import completeness
from fabrica.registry.engine.documents.answers import digest
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.models import Measurement, Model, ModelVersion
from fabrica.registry.pages.versions import send
from fabrica.registry.shown import without_output
from fabrica.registry.states import State
from fabrica.training.engine.evaluating import SEED_AT_MOST
from fabrica.web.scopes import needs

router = Router(tags=["models"])


class VersionOut(Schema):
    """A version of a model, in a list."""

    model: str = Field(alias="model.slug")
    number: int
    title: str = Field(alias="model.title")
    project: str = Field(alias="model.project.slug")
    organisation: str = Field(alias="model.project.organisation.name")
    run: str = Field(alias="run.uid")
    run_number: int = Field(alias="run.number")
    state: str
    size_bytes: int
    key_fingerprint: str
    registered_at: datetime
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_because: str


class VersionPage(Schema):
    """Some versions, newest first."""

    rows: list[VersionOut]
    next_cursor: str


class FileOut(Schema):
    """A file of a version."""

    path: str
    size_bytes: int
    sha256: str


class ReleaseOut(Schema):
    """A release of a version's documents."""

    number: int
    made_at: datetime
    key_fingerprint: str
    facts_sha256: str


class DetailOut(VersionOut):
    """A version with all that is known of it."""

    restricted_at: datetime | None
    restricted_because: str
    releases: list[ReleaseOut]
    facts: dict[str, Any]
    card: str
    files: list[FileOut]
    manifest: str
    signature: str


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=1000)


class NoteIn(Schema):
    """What a second person says: their note, and whether they send it back to draft."""

    note: str = Field(min_length=1, max_length=2000)
    is_sent_back: bool = False


class JustificationIn(Schema):
    """Why a version may be published though a figure failed, or none was measured. Everybody will read it."""

    justification: str = Field(default="", max_length=2000)


class MissingOut(Schema):
    """What stands in the way, and what to do about it."""

    what: str
    todo: str


class MeasureIn(Schema):
    """How a version is evaluated again. Without data on those that it was trained on, where they are still staged."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field("quick", pattern="^(quick|full)$")
    data: list[str] = Field(default=[], max_length=20, examples=[["fabrica:python-stdlib@1"]])
    seed: int = Field(1, ge=1, le=SEED_AT_MOST)


class MeasurementOut(Schema):
    """A further evaluation of a version. `summary` counts its verdicts once its results are taken in."""

    number: int
    state: str
    run: str = Field(alias="run.uid")
    run_number: int = Field(alias="run.number")
    profile: str = Field(alias="run.evaluation.profile")
    seed: int = Field(alias="run.evaluation.seed")
    asked_at: datetime
    ended_at: datetime | None
    error: str
    summary: dict[str, int] | None = Field(alias="battery.summary", default=None)


class WayOut(Schema):
    """Where a version stands on its way to publication."""

    state: str
    passed: list[str]
    missing: list[MissingOut]


class KeyOut(Schema):
    """A key this site signs or signed with."""

    fingerprint: str
    public_pem: str
    state: str
    created_at: datetime
    retired_at: datetime | None
    revoked_at: datetime | None
    revoked_because: str


class StatementIn(Schema):
    """Answers by the id of their question; null takes one back. `seen` is that of the statement last read."""

    declared: dict[str, Any] = Field(max_length=200)
    seen: str = Field(max_length=32)


def _statement(model: Model, facts: dict[str, Any]) -> dict[str, Any]:
    kept = declaring.newest(model)
    declared = kept.declared if kept else {}
    return {
        "statement": facts["statement"],
        "seen": digest(declared, [one.id for one in table().asked]),
        "questions": [
            {"id": one.id, "kind": one.ask.kind, "question": one.ask.words["question"], "help": one.ask.words["help"],
             "options": [key for key, _words in one.ask.options]}
            for one in table().asked if one.ask
        ],
        **completeness(facts).as_dict(),
    }  # fmt: skip


def _inside(request: HttpRequest, slug: str) -> ModelVersion:
    """The newest version of a model, for who sees inside. Raises NotFound."""
    person = signed_in(request)
    found = queries.newest_of(person, slug)
    if not rules.can_see_inside(person, found):
        raise NotFound(_("There is no statement of this model for you to see."))
    return queries.version_of(person, slug, found.number)


def _detail(person: Person, version: ModelVersion) -> ModelVersion:
    """A version as the API tells it: what the model wrote, of which the card has a sample, only with its files."""
    if not rules.can_download(person, version):
        version.facts, version.card = without_output(version.facts), ""
    version.files = queries.downloads_of(version)  # type: ignore[attr-defined]
    return version


@router.get("/models", response=VersionPage)
@needs("read")
def models(request: HttpRequest, cursor: str = "", project: str = "") -> Any:
    """The versions I may see; of one project, if named."""
    rows = queries.visible_to(signed_in(request))
    return page_of(rows.filter(model__project__slug=project) if project else rows, cursor)


@router.get("/models/{slug}", response=VersionPage)
@needs("read")
def model(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """The versions of one model that I may see."""
    person = signed_in(request)
    queries.newest_of(person, slug)
    return page_of(queries.versions_of(person, slug), cursor)


@router.get("/models/{slug}/statement", response=dict[str, Any])
@needs("read")
def statement(request: HttpRequest, slug: str) -> Any:
    """What my project declared of a model, all questions, how complete its documents are, and what is missing."""
    found = _inside(request, slug)
    return _statement(found.model, declaring.facts_with_statement(found))


@router.put("/models/{slug}/statement", response=dict[str, Any])
@needs("train")
def declare(request: HttpRequest, slug: str, payload: StatementIn) -> Any:
    """Declare facts of a model of my project. 409 where somebody changed the statement since it was read."""
    found, person = _inside(request, slug), signed_in(request)
    kept = declaring.newest(found.model)
    if payload.seen != digest(kept.declared if kept else {}, [one.id for one in table().asked]):
        raise declaring.DeclaredMeanwhile
    seen = digest(kept.declared if kept else {}, payload.declared)
    declaring.declare(model=found.model, given=payload.declared, seen=seen, by=person, now=utcnow())
    return _statement(found.model, declaring.facts_with_statement(found))


@router.get("/models/{slug}/{number}", response=DetailOut)
@needs("read")
def version(request: HttpRequest, slug: str, number: int) -> Any:
    """One version: facts, card, files, manifest and signature."""
    person = signed_in(request)
    return _detail(person, queries.version_of(person, slug, number))


@router.get("/models/{slug}/{number}/files/{path:path}")
@needs("read")
def file(request: HttpRequest, slug: str, number: int, path: str) -> HttpResponseBase:
    """One file, whole or the range that the header Range asks for."""
    person = signed_in(request)
    return send(request, queries.file_of(person, queries.version_of(person, slug, number), path))


@router.get("/models/{slug}/{number}/evaluations", response=list[MeasurementOut])
@needs("read")
def evaluations(request: HttpRequest, slug: str, number: int) -> Any:
    """The further evaluations of a version of my project, oldest first; what they found is in the facts."""
    return queries.measurements_of(queries.version_inside(signed_in(request), slug, number))


@router.post("/models/{slug}/{number}/evaluations", response={201: MeasurementOut})
@needs("train")
def evaluate_again(request: HttpRequest, slug: str, number: int, payload: MeasureIn) -> Measurement:
    """Have a version of my project evaluated again, in a run that its award pays."""
    person = signed_in(request)
    found = queries.version_of(person, slug, number)
    stagings = [staging_of(found.model.project, version_of(person, uri)) for uri in payload.data]
    if None in stagings:
        raise Refused(
            _("Some of this data is not staged into the project."), todo=_("Accept its terms and stage it first.")
        )
    texts = [one for one in stagings if one] or queries.own_texts_of(found)
    return services.measure_again(
        version=found, profile=payload.profile, stagings=texts, seed=payload.seed, by=person, now=utcnow()
    )


@router.get("/models/{slug}/{number}/readiness", response=WayOut)
@needs("read")
def readiness(request: HttpRequest, slug: str, number: int) -> Any:
    """What a version still needs for its next step."""
    found = queries.version_inside(signed_in(request), slug, number)
    return _way(services.Outcome(found, [], services.waits_for(version=found)))


@router.post("/models/{slug}/{number}/release", response=WayOut)
@needs("train")
def release(request: HttpRequest, slug: str, number: int, payload: JustificationIn) -> Any:
    """Take each step to publication that I may take now; says what is missing for the next."""
    person = signed_in(request)
    found = queries.version_of(person, slug, number)
    words = payload.justification
    return _way(services.release(version=found, justification=words, by=person, now=utcnow()))


@router.post("/models/{slug}/{number}/review", response=WayOut)
@needs("decide")
def review(request: HttpRequest, slug: str, number: int, payload: NoteIn) -> Any:
    """Agree to the publication of a version as a second person, or send it back to draft."""
    person = signed_in(request)
    found = queries.version_of(person, slug, number)
    if payload.is_sent_back:
        made = services.send_back(version=found, reason=payload.note, by=person, now=utcnow())
    else:
        made = services.review(version=found, note=payload.note, by=person, now=utcnow())
    return _way(services.Outcome(made, [State(made.state)], services.waits_for(version=made)))


def _way(outcome: services.Outcome) -> dict[str, Any]:
    return {
        "state": outcome.version.state,
        "passed": [one.value for one in outcome.passed],
        "missing": [one.as_dict() for one in outcome.missing],
    }


@router.post("/models/{slug}/{number}/publish", response=DetailOut)
@needs("train")
def publish(request: HttpRequest, slug: str, number: int) -> Any:
    """Let everybody see and download a version of my project that was reviewed."""
    person = signed_in(request)
    found = queries.version_of(person, slug, number)
    return _detail(person, services.publish(version=found, by=person, now=utcnow()))


@router.post("/models/{slug}/{number}/withdraw", response=DetailOut)
@needs("train")
def withdraw(request: HttpRequest, slug: str, number: int, payload: ReasonIn) -> Any:
    """Take a version of my project back."""
    person = signed_in(request)
    found = queries.version_of(person, slug, number)
    return _detail(person, services.withdraw(version=found, reason=payload.reason, by=person, now=utcnow()))


@router.get("/keys", response=list[KeyOut])
@needs("read")
def keys(request: HttpRequest) -> Any:  # noqa: ARG001 - they are public
    """The keys of this site, newest first."""
    return queries.keys()


@router.post("/keys/rotate", response=KeyOut)
@needs("decide")
def rotate(request: HttpRequest) -> Any:
    """Make a new signing key (operators)."""
    return services.rotate_key(by=signed_in(request), now=utcnow())


@router.post("/keys/{digits}/revoke", response=KeyOut)
@needs("decide")
def revoke(request: HttpRequest, digits: str, payload: ReasonIn) -> Any:
    """Say that nothing a key signed is to be trusted (operators)."""
    key = queries.key_of(digits.removeprefix("sha256:"))
    return services.revoke_key(key=key, reason=payload.reason, by=signed_in(request), now=utcnow())
