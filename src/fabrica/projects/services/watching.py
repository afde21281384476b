"""Looking after projects: when each is looked at, and who is told that hours lie idle."""

from datetime import datetime

from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.projects.models import LifeWatch, Project
from fabrica.projects.queries import told

MOST_MADE = 1_000


def make_watches(*, now: datetime) -> bool:
    """See that some of the projects without a watch get one; True when there were any."""
    missing = Project.objects.exclude(pk__in=LifeWatch.objects.values("project")).order_by("pk")[:MOST_MADE]
    rows = [LifeWatch(project=one, next_look_at=now) for one in missing]
    if rows:
        LifeWatch.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(rows)


def look_again(*, watch: LifeWatch, at: datetime | None) -> bool:
    """Give a watch back until a moment; until never where nothing is left to look for."""
    return watch.settle(next_look_at=at)


def warn_idle(*, project: Project, since: datetime, days: int, unused: str, now: datetime) -> None:
    """Write to the project's people that nothing has run since a moment; once for each time it falls idle."""
    event = f"{project.subject}:idle:{since.isoformat()}"
    for person in told(project):
        tell(
            person=person, kind="project_idle", event=event, now=now, path=project.page,
            about=about_project(project.slug), project=project, days=days, unused=unused,
        )  # fmt: skip
