"""Reading runs and their points."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.projects import queries as projects
from fabrica.projects.models import Project
from fabrica.training.models import Point, Run
from fabrica.training.states import ON_THE_MACHINE, State

MAX_NUMBER = 2**31 - 1
POINTS_AT_ONCE = 5_000


def visible_to(person: Person) -> QuerySet[Run]:
    """The runs of the projects the person may see, newest first; without their results, which may take megabytes."""
    rows = Run.objects.select_related("project", "machine__site", "award", "created_by").defer("result")
    return rows.filter(project__in=projects.visible_to(person).order_by()).order_by("-pk")


def runs_in(person: Person, project: Project) -> QuerySet[Run]:
    """The runs of one project that the person may see, newest first."""
    return visible_to(person).filter(project=project)


def run_of(person: Person, project_slug: str, number: int) -> Run:
    """A run by its project and number. Raises NotFound, also for one the person may not see."""
    fits = 0 < number <= MAX_NUMBER
    rows = visible_to(person).defer(None)
    found = rows.filter(project__slug=project_slug, number=number).first() if fits else None
    if found is None:
        raise NotFound(
            _("There is no run %(number)s of %(project)s for you to see.")
            % {"number": number, "project": project_slug},
            todo=_("See the project's runs."),
        )
    return found


def points_after(run: Run, step: int = -1) -> QuerySet[Point]:
    """The points of a run after a step, in order, at most 5,000."""
    return run.points.filter(step__gt=min(max(step, -1), 2**53)).order_by("step")[:POINTS_AT_ONCE]


def time_left(run: Run) -> int:
    """Seconds of the run's time limit that its ended attempts have not used."""
    return run.time_limit_seconds - run.seconds_of(run.used_gpu_seconds)


def due_to_submit(now: datetime) -> QuerySet[Run]:
    """The runs that a worker should hand to their machine, longest waiting first."""
    return Run.objects.filter(state=State.QUEUED, next_look_at__lte=now).order_by("next_look_at", "pk")


def due_on_machine(now: datetime) -> QuerySet[Run]:
    """The runs that a worker should look after on their machine, longest unseen first."""
    return Run.objects.filter(state__in=ON_THE_MACHINE, next_look_at__lte=now).order_by("next_look_at", "pk")
