"""What the worker writes about a staging it has claimed. Each write counts only while the claim is still its own."""

from datetime import datetime
from typing import Any

from django.db import transaction

from fabrica.audit.services import record
from fabrica.dataspaces.engine.copying import Changed
from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.states import STAGING_MOVES, StagingState
from fabrica.kit.claims import TTL
from fabrica.kit.errors import Problem
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.states import Role


def note_progress(*, staging: Staging, bytes_done: int, now: datetime) -> bool:
    """Keep how far the copy is and prolong the claim; False when the claim was lost."""
    mine = Staging.objects.filter(pk=staging.pk, claim_token=staging.claim_token)
    return bool(mine.update(bytes_done=bytes_done, claim_expires_at=now + TTL))


def begin(*, staging: Staging, now: datetime) -> bool:
    """Note that the copy begins, for the first time or after a worker died; False when the claim was lost."""
    begun = {"state": StagingState.STAGING, "bytes_done": 0, "tries": staging.tries + 1}
    mine = Staging.objects.filter(pk=staging.pk, claim_token=staging.claim_token)
    if not mine.update(**begun, claim_expires_at=now + TTL):
        return False
    # Not read back from the database: that could bring another worker's token.
    for name, value in begun.items():
        setattr(staging, name, value)
    return True


@transaction.atomic
def mark_staged(*, staging: Staging, now: datetime) -> bool:
    """Note that the copy is whole and checked; False when the claim was lost."""
    size_bytes = staging.version.size_bytes
    if not _settle(staging, StagingState.STAGED, now, staged_at=now, bytes_done=size_bytes):
        return False
    _tell(staging.requested_by, "staging_done", staging, now)
    return True


@transaction.atomic
def stop(*, staging: Staging, problem: Problem, now: datetime) -> bool:
    """Note why there is no copy: *refused* where the data changed or was withdrawn, *failed* otherwise.

    Whoever asked is told, and of changed data the provider too. False when the claim was lost.
    """
    changed = isinstance(problem, Changed)
    after = StagingState.REFUSED if changed or not staging.version.is_published else StagingState.FAILED
    told = {"error_what": problem.what, "error_why": problem.why, "error_todo": problem.todo}
    if not _settle(staging, after, now, **told, error_facts=problem.facts):
        return False
    _tell(staging.requested_by, "staging_stopped", staging, now, problem=problem)
    if changed:
        for person in _providers(staging):
            _tell(person, "dataset_changed", staging, now, problem=problem)
    return True


def _settle(staging: Staging, after: StagingState, now: datetime, **fields: object) -> bool:
    if after not in STAGING_MOVES[StagingState(staging.state)] or not staging.settle(state=after, **fields):
        return False
    record(
        verb=f"staging.{after.value}", by=None, subject=staging.version.subject, now=now,
        project=staging.project.slug, tries=staging.tries,
    )  # fmt: skip
    return True


def _providers(staging: Staging) -> list[Person]:
    """Who answers for the data: the organisation's providers; of own data, who uploaded it."""
    dataset = staging.version.dataset
    if dataset.is_own_data:
        return [dataset.created_by]
    members = dataset.provider.members.filter(person__role_grants__role=Role.PROVIDER, person__is_active=True)
    return [member.person for member in members.select_related("person")]


def _tell(person: Person, kind: str, staging: Staging, now: datetime, **facts: Any) -> None:
    dataset = staging.version.dataset
    is_requester = kind != "dataset_changed"
    path = f"/projects/{staging.project.slug}/data/{staging.pk}/" if is_requester else f"/data/{dataset.slug}/"
    event = f"{staging.subject}:{kind}:{now.isoformat()}"
    if not is_requester:
        event = f"{staging.version.subject}:changed:{now.date().isoformat()}"
    about = about_project(staging.project.slug) if is_requester else ""
    tell(
        person=person, kind=kind, event=event, now=now, path=path, about=about,
        staging=staging, version=staging.version, **facts,
    )  # fmt: skip
