"""The API of datasets: the catalogue, publishing, accepting and staging."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from fabrica.dataspaces import queries, services
from fabrica.dataspaces.models import Agreement, Dataset, Staging, Version
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import organisation_of, signed_in
from fabrica.projects.queries import project_of
from fabrica.web.scopes import needs

router = Router(tags=["data"])


class DatasetIn(Schema):
    """A new dataset."""

    organisation: str = Field(max_length=32, description="Its uid, from /api/me.")
    slug: str = Field("", max_length=40, description="Its name in addresses; empty: made from the title.")
    title: str = Field(max_length=120)
    description: str = Field(max_length=5000)
    provenance: str = Field("", max_length=5000)
    language: str = Field(max_length=3, examples=["en"])
    licence: str = Field(max_length=60, examples=["CC-BY-4.0"])
    licence_url: str = Field("", max_length=300)
    policy_text: str = Field("", max_length=5000)
    policy_purposes: str = Field("", max_length=5000)
    has_personal_data: bool


class DatasetChange(Schema):
    """What changes of a dataset."""

    title: str = Field("", max_length=120)
    description: str = Field("", max_length=5000)
    provenance: str = Field("", max_length=5000)
    language: str = Field("", max_length=3)
    licence: str = Field("", max_length=60)
    licence_url: str = Field("", max_length=300)
    policy_text: str = Field("", max_length=5000)
    policy_purposes: str = Field("", max_length=5000)
    has_personal_data: bool = False


class VersionOut(Schema):
    """A version of a dataset."""

    uri: str
    number: int
    state: str
    sha256: str
    size_bytes: int
    file_count: int
    revision: int
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_because: str


class DatasetRow(Schema):
    """A dataset in the catalogue."""

    slug: str
    title: str
    description: str
    language: str
    licence: str
    provider: str = Field(alias="provider.name")
    visibility: str
    newest_uri: str = Field("", description="The version to use now; empty where there is none.")


class DatasetPage(Schema):
    """Some datasets, newest first."""

    rows: list[DatasetRow]
    next_cursor: str


class DatasetOut(DatasetRow):
    """A dataset with its terms and versions."""

    provenance: str
    licence_url: str
    policy_text: str
    policy_purposes: str
    terms_sha256: str = Field(alias="terms.sha256")
    has_personal_data: bool
    versions: list[VersionOut] = Field(alias="seen_versions")


class FileOut(Schema):
    """A published file."""

    path: str
    size_bytes: int
    sha256: str


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(max_length=1000)


class PublishIn(Schema):
    """The draft's revision as it was reviewed; null publishes what is there."""

    revision: int | None = None


class UriIn(Schema):
    """Which version."""

    uri: str = Field(max_length=80, examples=["fabrica:python-stdlib@1"])


class AcceptIn(UriIn):
    """Which version, on which terms."""

    terms_sha256: str | None = Field(
        None, max_length=64, description="The terms as read; 409 where they are others now."
    )


class AgreementOut(Schema):
    """An agreement to the terms of a version."""

    uri: str = Field(alias="version.uri")
    project: str = Field(alias="project.slug")
    terms_sha256: str
    agreed_at: datetime


class StagingOut(Schema):
    """A version on its way into a project's folder, or there."""

    id: int
    uri: str = Field(alias="version.uri")
    title: str = Field(alias="version.dataset.title")
    sha256: str = Field(alias="version.sha256")
    state: str
    bytes_done: int
    size_bytes: int = Field(alias="version.size_bytes")
    error_what: str
    error_why: str
    error_todo: str
    error_facts: dict[str, Any]
    requested_at: datetime
    staged_at: datetime | None


class StagingPage(Schema):
    """Some stagings, newest first."""

    rows: list[StagingOut]
    next_cursor: str


class UseOut(Schema):
    """Who used a version for what."""

    uri: str
    project: str
    organisation: str
    purpose: str
    terms_sha256: str
    agreed_at: datetime
    staging_state: str
    staged_at: datetime | None


class UsePage(Schema):
    """Some uses, newest first."""

    rows: list[UseOut]
    next_cursor: str


@router.get("/datasets", response=DatasetPage)
@needs("read")
def datasets(request: HttpRequest, q: str = "", licence: str = "", language: str = "", cursor: str = "") -> Any:
    """The catalogue: public datasets that can be used now, and the own data of my projects."""
    page = page_of(queries.search(signed_in(request), q, licence, language), cursor)
    _with_newest(page.rows)
    return page


def _with_newest(found: Sequence[Dataset]) -> None:
    newest = queries.newest_of(found)
    for one in found:
        one.newest_uri = newest[one.pk].uri if one.pk in newest else ""  # type: ignore[attr-defined]


@router.post("/datasets", response={201: DatasetOut})
@needs("publish")
def create_dataset(request: HttpRequest, payload: DatasetIn) -> Status[Any]:
    """Describe a new dataset of an organisation I publish for."""
    values = payload.dict()
    organisation = organisation_of(signed_in(request), values.pop("organisation"))
    slug = values.pop("slug")
    made = services.create_dataset(
        organisation=organisation, values=values, slug=slug, by=signed_in(request), now=utcnow()
    )
    return Status(201, _with_versions(request, made))


def _with_versions(request: HttpRequest, found: Dataset) -> Dataset:
    _with_newest([found])
    found.seen_versions = list(queries.versions_of(signed_in(request), found)[:100])  # type: ignore[attr-defined]
    return found


@router.get("/datasets/{slug}", response=DatasetOut)
@needs("read")
def dataset(request: HttpRequest, slug: str) -> Any:
    """One dataset with its terms and its newest versions."""
    return _with_versions(request, queries.dataset_of(signed_in(request), slug))


@router.patch("/datasets/{slug}", response=DatasetOut)
@needs("publish")
def change_dataset(request: HttpRequest, slug: str, payload: DatasetChange) -> Any:
    """Change my dataset; fields left out stay. Changed terms must be accepted anew before the next staging."""
    person = signed_in(request)
    found = queries.dataset_of(person, slug)
    values = {name: getattr(found, name) for name in DatasetChange.model_fields} | payload.dict(exclude_unset=True)
    return _with_versions(request, services.change_dataset(dataset=found, values=values, by=person, now=utcnow()))


@router.get("/datasets/{slug}/usage", response=UsePage)
@needs("read")
def usage(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """Who used my dataset for what; for its provider only."""
    person = signed_in(request)
    page = page_of(queries.usage_of(person, queries.dataset_of(person, slug)), cursor)
    return {"rows": queries.uses(page.rows), "next_cursor": page.next_cursor}


@router.post("/datasets/{slug}/versions", response={201: VersionOut})
@needs("publish")
def new_version(request: HttpRequest, slug: str) -> Status[Version]:
    """Start the next version, or return the draft there is."""
    person = signed_in(request)
    return Status(201, services.new_version(dataset=queries.dataset_of(person, slug), by=person, now=utcnow()))


@router.get("/datasets/{slug}/versions/{number}/files", response=list[FileOut])
@needs("read")
def files(request: HttpRequest, slug: str, number: int) -> Any:
    """The files of a published version with their hashes; none for a draft."""
    return queries.version_at(signed_in(request), slug, number).facts


@router.post("/datasets/{slug}/versions/{number}/files", response=VersionOut)
@needs("publish")
def add_files(request: HttpRequest, slug: str, number: int, files: File[list[UploadedFile]]) -> Version:
    """Upload files, or one .zip with folders, into a draft; a name that is there already is replaced."""
    person = signed_in(request)
    version = queries.version_at(person, slug, number)
    return services.add_files(version=version, files=files, by=person, now=utcnow())


@router.delete("/datasets/{slug}/versions/{number}/files", response=VersionOut)
@needs("publish")
def clear_files(request: HttpRequest, slug: str, number: int) -> Version:
    """Empty a draft."""
    person = signed_in(request)
    return services.clear_files(version=queries.version_at(person, slug, number), by=person, now=utcnow())


@router.post("/datasets/{slug}/versions/{number}/publish", response=VersionOut)
@needs("publish")
def publish(request: HttpRequest, slug: str, number: int, payload: PublishIn | None = None) -> Version:
    """Freeze a draft's files under their hash and show them to everybody."""
    person = signed_in(request)
    version = queries.version_at(person, slug, number)
    revision = payload.revision if payload else None
    return services.publish(version=version, revision=revision, by=person, now=utcnow())


@router.post("/datasets/{slug}/versions/{number}/withdraw", response=VersionOut)
@needs("publish")
def withdraw(request: HttpRequest, slug: str, number: int, payload: ReasonIn) -> Version:
    """Stop new agreements and stagings of a version."""
    person = signed_in(request)
    version = queries.version_at(person, slug, number)
    return services.withdraw(version=version, reason=payload.reason, by=person, now=utcnow())


@router.post("/projects/{slug}/agreements", response={201: AgreementOut})
@needs("train")
def accept(request: HttpRequest, slug: str, payload: AcceptIn) -> Status[Agreement]:
    """Accept licence and policy of a version, as they stand now, for a project I work in."""
    person = signed_in(request)
    project, version = project_of(person, slug), queries.version_of(person, payload.uri)
    read = payload.terms_sha256
    return Status(201, services.accept(version=version, project=project, by=person, now=utcnow(), terms_sha256=read))


@router.get("/projects/{slug}/stagings", response=StagingPage)
@needs("read")
def stagings(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """The data of a project and how far each copy is."""
    person = signed_in(request)
    return page_of(queries.stagings_in(person, project_of(person, slug)), cursor)


@router.post("/projects/{slug}/stagings", response={201: StagingOut})
@needs("train")
def stage(request: HttpRequest, slug: str, payload: UriIn) -> Status[Staging]:
    """Have a version copied into the project's folder; asking again returns the same staging."""
    person = signed_in(request)
    project, version = project_of(person, slug), queries.version_of(person, payload.uri)
    return Status(201, services.stage(version=version, project=project, by=person, now=utcnow()))


@router.get("/projects/{slug}/stagings/{staging_id}", response=StagingOut)
@needs("read")
def staging(request: HttpRequest, slug: str, staging_id: int) -> Staging:
    """One staging: its state, progress, and why it stopped."""
    person = signed_in(request)
    return queries.staging_at(person, project_of(person, slug), staging_id)


@router.post("/projects/{slug}/stagings/{staging_id}/retry", response=StagingOut)
@needs("train")
def retry(request: HttpRequest, slug: str, staging_id: int) -> Staging:
    """Try a staging again that was refused or failed."""
    person = signed_in(request)
    found = queries.staging_at(person, project_of(person, slug), staging_id)
    return services.retry(staging=found, by=person, now=utcnow())


class OwnDataIn(Schema):
    """What must be said about own data."""

    title: str = Field(max_length=120)
    has_rights: bool
    has_personal_data: bool


@router.post("/projects/{slug}/own-data", response={201: VersionOut})
@needs("train")
def own_data(
    request: HttpRequest, slug: str, payload: Form[OwnDataIn], files: File[list[UploadedFile]]
) -> Status[Version]:
    """Bring my own text files, or one .zip of them, into a project; only its members see them."""
    person = signed_in(request)
    made = services.own_data(project=project_of(person, slug), files=files, **payload.dict(), by=person, now=utcnow())
    return Status(201, made)
