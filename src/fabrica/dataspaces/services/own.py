"""Data that a project brings itself."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.dataspaces.engine.incoming import Upload
from fabrica.dataspaces.models import Dataset, Version
from fabrica.dataspaces.services.files import limits, received
from fabrica.dataspaces.services.publishing import folder_of, freeze, frozen, set_values
from fabrica.dataspaces.services.using import must_owe_nothing, must_work_in, queue
from fabrica.dataspaces.states import State, Visibility
from fabrica.kit.errors import Refused
from fabrica.kit.files import FileFact, folder_facts
from fabrica.kit.ids import new_uid, slug
from fabrica.people.models import Person
from fabrica.projects.models import Project

LICENCE = "own-data"


def own_data(
    *,
    project: Project,
    files: Iterable[Upload],
    title: str,
    has_rights: bool,
    has_personal_data: bool,
    by: Person,
    now: datetime,
) -> Version:
    """Keep a project's own files as a version only its members see, and queue its staging.

    Raises NotAllowed for who is no member; Refused without the right to use the data, or for files not taken.
    """
    must_work_in(by, project, now)
    must_owe_nothing(project, has_personal_data=bool(has_personal_data))
    if has_rights is not True:
        raise Refused(
            _("You need the right to use this data."), todo=_("Confirm that you have it, or choose data you may use.")
        )
    with received(files, limits(), now) as (folder, _paths):
        facts = folder_facts(folder)
        with transaction.atomic():
            dataset = _describe(project, title, by, now, has_personal_data=bool(has_personal_data))
            version = _keep(dataset, folder, facts, by, now)
            record(
                verb="dataset.own", by=by, subject=version.subject, now=now, project=project.slug,
                sha256=version.sha256, personal_data=dataset.has_personal_data,
            )  # fmt: skip
            queue(version, project, by, now)
    return version


def _describe(project: Project, title: str, by: Person, now: datetime, *, has_personal_data: bool) -> Dataset:
    dataset = Dataset(
        # The random end keeps others from learning by a name that is taken that this exists.
        slug=f"{slug(title, limit=30)}-{new_uid()[:8]}",
        provider=project.organisation,
        visibility=Visibility.PROJECT,
        project=project,
        created_by=by,
        created_at=now,
    )
    told = {"title": title.strip(), "description": f"Own data of the project {project.title}.", "language": "und"}
    set_values(dataset, {**told, "licence": LICENCE, "has_personal_data": has_personal_data})
    dataset.save(force_insert=True)
    return dataset


def _keep(dataset: Dataset, folder: Path, facts: tuple[FileFact, ...], by: Person, now: datetime) -> Version:
    version = Version(
        dataset=dataset, number=1, state=State.PUBLISHED, folder=folder_of(dataset, 1), created_by=by, created_at=now,
        published_at=now, **frozen(facts),
    )  # fmt: skip
    version.save(force_insert=True)
    version.path.parent.mkdir(parents=True, exist_ok=True)
    folder.replace(version.path)
    freeze(version)
    return version
