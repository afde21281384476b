"""Reading the registry. Every list starts from `visible_to`; None stands for a reader who is not signed in."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.db.models import Q, QuerySet

from fabrica.kit.errors import NotFound
from fabrica.kit.files import FileFact
from fabrica.people.models import Person
from fabrica.projects import queries as projects
from fabrica.registry import rules
from fabrica.registry.engine import RevokedKey
from fabrica.registry.engine.manifest import MANIFEST, SIGNATURE, read_manifest
from fabrica.registry.models import Intake, ModelVersion, SiteKey
from fabrica.registry.states import IntakeState, KeyState, State
from fabrica.training.models import Run

MAX_NUMBER = 2**31 - 1


def visible_to(person: Person | None) -> QuerySet[ModelVersion]:
    """What was ever published, and what the person's projects registered. Newest first.

    Without what may take megabytes each: a list of 25 shows none of it.
    """
    seen = Q(published_at__isnull=False)
    if person is not None:
        seen |= Q(model__project__in=projects.visible_to(person).order_by())
    rows = ModelVersion.objects.select_related("model__project__organisation", "run__machine__site")
    return rows.defer("card", "manifest", "run__result").filter(seen).order_by("-pk")


def published() -> QuerySet[ModelVersion]:
    """What everybody may see and download, newest first."""
    return visible_to(None).filter(state=State.PUBLISHED)


def inside(person: Person) -> QuerySet[ModelVersion]:
    """What the person sees by working there and everybody else does not, newest first."""
    return visible_to(person).exclude(state=State.PUBLISHED)


def version_of(person: Person | None, slug: str, number: int) -> ModelVersion:
    """A version of a model. Raises NotFound, also for one the person may not see."""
    fits = 0 < number <= MAX_NUMBER
    rows = visible_to(person).defer(None).defer("run__result")
    found = rows.filter(model__slug=slug, number=number).first() if fits else None
    if found is None:
        raise NotFound(f"There is no model {slug}@{number} for you to see.", todo="See the list of models.")
    return found


def newest_of(person: Person | None, slug: str) -> ModelVersion:
    """The newest version of a model that the person may see, a withdrawn one only if there is no other."""
    rows = versions_of(person, slug)
    found = rows.exclude(state=State.WITHDRAWN).first() or rows.first()
    if found is None:
        raise NotFound(f"There is no model {slug} for you to see.", todo="See the list of models.")
    return found


def version_made_by(person: Person | None, run_uid: str) -> ModelVersion:
    """The version that was made of a run. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(run__uid=run_uid).first()
    if found is None:
        raise NotFound(
            "There is no model of this run for you to see.",
            todo="If the run ended just now, its model is being registered: reload this page in a moment.",
        )
    return found


def versions_of(person: Person | None, slug: str) -> QuerySet[ModelVersion]:
    """The versions of a model that the person may see, newest first."""
    return visible_to(person).filter(model__slug=slug).order_by("-number")


def of_run(run: Run) -> ModelVersion | None:
    """What a run became, if it is registered. The caller has checked that the run may be seen."""
    return ModelVersion.objects.select_related("model").filter(run=run).first()


def intake_of(run: Run) -> Intake | None:
    """Where a succeeded run stands on its way into the registry, and why it waits."""
    return Intake.objects.filter(run=run).first()


def files_of(version: ModelVersion) -> list[FileFact]:
    """The files its manifest lists, in order of path."""
    return sorted(read_manifest(version.manifest.encode()).files.values())


def downloads_of(version: ModelVersion) -> list[FileFact]:
    """All files of its folder: those the manifest lists, then the manifest and its signature, which it cannot list."""
    own = ((MANIFEST, version.manifest.encode()), (SIGNATURE, f"{version.signature}\n".encode()))
    return [*files_of(version), *(FileFact(name, len(raw), sha256(raw).hexdigest()) for name, raw in own)]


def file_of(person: Person | None, version: ModelVersion, path: str) -> Path:
    """Where a file of it lies: only what the manifest lists, the manifest and its signature. Raises NotFound."""
    if not rules.can_download(person, version):
        raise NotFound(f"{version} is withdrawn; its files are no longer given out.", why=version.withdrawn_because)
    if path not in {one.path for one in downloads_of(version)}:
        raise NotFound(f"{version} has no file {path[:200]!r}.", todo="See the list of its files.")
    found = version.path / path
    if found.is_symlink() or not found.is_file():
        raise NotFound(f"The file {path!r} of {version} is not in its place.", todo="Tell the site's operator.")
    return found


def due(now: datetime) -> QuerySet[Intake]:
    """What a worker should register, longest waiting first."""
    return Intake.objects.filter(state=IntakeState.WAITING, next_try_at__lte=now).order_by("next_try_at", "pk")


def keys() -> QuerySet[SiteKey]:
    """The keys this site signs or signed with, newest first: public, as they must be."""
    return SiteKey.objects.order_by("-pk")


def key_of(digits: str) -> SiteKey:
    """A key by the digits of its fingerprint. Raises NotFound."""
    found = keys().filter(fingerprint=f"sha256:{digits}").first()
    if found is None:
        raise NotFound("This site has no such key.", todo="See the list of its keys.")
    return found


def revoked_keys() -> list[RevokedKey]:
    """What `revoked-keys.json` says."""
    rows = keys().filter(state=KeyState.REVOKED).exclude(revoked_at=None)
    return [RevokedKey(one.fingerprint, one.revoked_at.isoformat(), one.revoked_because) for one in rows]  # type: ignore[union-attr]
