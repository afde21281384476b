"""Letters about a project, or none."""

from datetime import datetime

from fabrica.notices.queries import about_project
from fabrica.notices.services import mute, unmute
from fabrica.people.models import Person
from fabrica.projects.models import Project


def write_about(project: Project, *, muted: bool, by: Person, now: datetime) -> None:
    """Have letters about a project, or none; its notices are listed either way. Raises Refused for too many mutes."""
    about = about_project(project.slug)
    if muted:
        mute(about=about, title=project.title, path=f"/projects/{project.slug}/", by=by, now=now)
    else:
        unmute(about=about, by=by, now=now)
