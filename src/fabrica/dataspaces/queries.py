"""Reading the catalogue, agreements and stagings. Every list starts from `visible_to`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fabrica.dataspaces import rules
from fabrica.dataspaces.models import Agreement, Dataset, Staging, Version
from fabrica.dataspaces.states import TO_DO, StagingState, State, Visibility
from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.projects.queries import working

URI = re.compile(r"(?:fabrica:)?([a-z0-9-]{1,50})@([0-9]{1,6})")
MOST_WORDS = 10


def visible_to(person: Person | None) -> QuerySet[Dataset]:
    """What was ever published; a provider's own, published or not; the own data of the person's projects.

    None stands for a visitor who is not signed in. Newest first.
    """
    shown = Exists(Version.objects.filter(dataset=OuterRef("pk")).exclude(state=State.DRAFT))
    seen = Q(shown, visibility=Visibility.PUBLIC)
    if person is not None:
        seen |= Q(visibility=Visibility.PROJECT, project__members__person=person)
        if people_rules.has_role(person, Role.PROVIDER):
            seen |= Q(visibility=Visibility.PUBLIC, provider__members__person=person)
    return Dataset.objects.select_related("provider", "project").filter(seen).distinct().order_by("-pk")


def search(person: Person | None, words: str = "", licence: str = "", language: str = "") -> QuerySet[Dataset]:
    """The catalogue: what can be used now, where title, description or slug hold every one of `words`."""
    usable = Exists(Version.objects.filter(dataset=OuterRef("pk"), state=State.PUBLISHED))
    rows = visible_to(person).filter(usable)
    for word in words[:200].split()[:MOST_WORDS]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(description__icontains=word) | Q(slug__icontains=word)
            | Q(provider__name__icontains=word)
        )  # fmt: skip
    if licence:
        rows = rows.filter(licence=licence[:60])
    return rows.filter(language=language[:3]) if language else rows


def mine(person: Person) -> QuerySet[Dataset]:
    """The datasets the person may publish versions of."""
    if not people_rules.has_role(person, Role.PROVIDER):
        return Dataset.objects.none()
    return visible_to(person).filter(visibility=Visibility.PUBLIC, provider__members__person=person)


def dataset_of(person: Person | None, slug: str) -> Dataset:
    """A dataset by its slug. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound(
            _("There is no dataset %(slug)s for you to see.") % {"slug": slug}, todo=_("Look in the catalogue.")
        )
    return found


def versions_of(person: Person | None, dataset: Dataset) -> QuerySet[Version]:
    """Its versions, newest first; drafts for its provider only. The files are not loaded with them."""
    rows = Version.objects.select_related("dataset__provider").filter(dataset=dataset).defer("files")
    return (rows if rules.provides(person, dataset) else rows.exclude(state=State.DRAFT)).order_by("-number")


def version_at(person: Person | None, slug: str, number: int) -> Version:
    """A version by dataset and number. Raises NotFound, also for one the person may not see."""
    dataset = dataset_of(person, slug)
    found = versions_of(person, dataset).filter(number=min(number, 10**6)).first()
    if found is None:
        raise NotFound(
            _("%(title)s has no version %(number)s.") % {"title": dataset.title, "number": number},
            todo=_("See the versions on its page."),
        )
    return found


def version_of(person: Person | None, uri: str) -> Version:
    """A version by its URI, such as `fabrica:python-stdlib@1`. Raises NotFound, also for what is no URI."""
    match = URI.fullmatch(uri)
    if match is None:
        raise NotFound(
            _("%(uri)r names no version.") % {"uri": uri[:80]},
            todo=_("Write it as in the catalogue: fabrica:<dataset>@<number>."),
        )
    return version_at(person, match[1], int(match[2]))


def newest_published(dataset: Dataset) -> Version | None:
    """The version to use now, None when there is none."""
    return newest_of([dataset]).get(dataset.pk)


def newest_of(datasets: Sequence[Dataset]) -> dict[int, Version]:
    """The version to use now of each dataset that has one, by the dataset's key; one query for all."""
    rows = Version.objects.select_related("dataset").defer("files")
    found = rows.filter(dataset__in=datasets, state=State.PUBLISHED).order_by("number")
    return {one.dataset_id: one for one in found}


def has_agreed(project: Project, version: Version) -> bool:
    """Whether the project may use the version: its terms as they stand now were accepted, or it is own data."""
    if version.dataset.is_own_data:
        return version.dataset.project_id == project.pk
    terms = version.dataset.terms.sha256
    return Agreement.objects.filter(version=version, project=project, terms_sha256=terms).exists()


def agreements_of(project: Project) -> QuerySet[Agreement]:
    """What was accepted for a project, newest first."""
    return Agreement.objects.select_related("version__dataset", "person").filter(project=project).order_by("-pk")


def workplaces(person: Person, now: datetime) -> QuerySet[Project]:
    """The projects the person works in and that have not ended: where data can be staged."""
    mine = working().filter(person=person).values("project")
    rows = Project.objects.select_related("organisation").filter(pk__in=mine, ends_at__gt=now)
    return rows.order_by("-pk")


def _stagings() -> QuerySet[Staging]:
    return Staging.objects.select_related("version__dataset__provider", "project").defer("version__files")


def stagings_in(person: Person, project: Project) -> QuerySet[Staging]:
    """The stagings of a project the person may see, newest first; own data for its members alone."""
    rows = _stagings().filter(project=project, project__members__person=person)
    if people_rules.has_role(person, Role.OFFICER, Role.OPERATOR):
        theirs = Q(project__members__person=person) | Q(version__dataset__visibility=Visibility.PUBLIC)
        rows = _stagings().filter(theirs, project=project)
    return rows.distinct().order_by("-pk")


def staging_at(person: Person, project: Project, pk: int) -> Staging:
    """One staging of a project. Raises NotFound, also for one the person may not see."""
    found = stagings_in(person, project).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such staging in this project."), todo=_("See the project's data."))
    return found


def staged(project: Project) -> QuerySet[Staging]:
    """What lies ready in a project's folder, oldest first."""
    return _stagings().filter(project=project, state=StagingState.STAGED).order_by("pk")


def staging_of(project: Project, version: Version) -> Staging | None:
    """The staging of a version in a project, None when nobody asked for it."""
    return _stagings().filter(project=project, version=version).first()


def to_stage() -> QuerySet[Staging]:
    """What waits for the worker, oldest first; also what a worker that died left half-way."""
    return Staging.objects.filter(state__in=TO_DO).order_by("pk")


@dataclass(frozen=True)
class Use:
    """Who used a version for what: a row of the provider's list."""

    uri: str
    project: str
    organisation: str
    purpose: str
    terms_sha256: str
    agreed_at: datetime
    staging_state: str
    staged_at: datetime | None


def usage_of(person: Person, dataset: Dataset) -> QuerySet[Agreement]:
    """The agreements to a dataset of the person's, newest first. Raises NotFound for everybody else."""
    if not rules.provides(person, dataset):
        raise NotFound(_("Who uses this dataset is told to its provider only."))
    rows = Agreement.objects.select_related("version__dataset", "project__organisation")
    return rows.filter(version__dataset=dataset).defer("version__files", "terms_text").order_by("-pk")


def uses(agreements: Sequence[Agreement]) -> list[Use]:
    """Agreements as rows of the provider's list, with what became of their stagings."""
    stagings = {
        (one.version_id, one.project_id): one
        for one in Staging.objects.filter(
            version__in={one.version_id for one in agreements}, project__in={one.project_id for one in agreements}
        )
    }
    return [_use(one, stagings.get((one.version_id, one.project_id))) for one in agreements]


def _use(agreement: Agreement, staging: Staging | None) -> Use:
    project = agreement.project
    return Use(
        uri=agreement.version.uri,
        project=project.title,
        organisation=project.organisation.name,
        purpose=project.purpose,
        terms_sha256=agreement.terms_sha256,
        agreed_at=agreement.agreed_at,
        staging_state=staging.state if staging else "",
        staged_at=staging.staged_at if staging else None,
    )


def projects_using(datasets: Sequence[Dataset]) -> dict[int, int]:
    """How many projects accepted the terms of each dataset, by the dataset's key; one query for all."""
    counted = (
        Agreement.objects.filter(version__dataset__in=datasets)
        .values_list("version__dataset")
        .annotate(n=Count("project", distinct=True))
    )
    return {**{one.pk: 0 for one in datasets}, **dict(counted)}
