"""What the gate was told of a project."""

from collections.abc import Mapping
from typing import Any

from fabrica.allocations.queries import award_of
from fabrica.kit.errors import NotFound
from fabrica.projects.models import Project
from fabrica.trust.queries.purposes import answers_since


def answers_of(project: Project) -> Mapping[str, Any]:
    """What the gate was told last: for the purpose that holds now."""
    since = answers_since(project)
    if since is not None:
        return since
    try:
        gate = award_of(project).application.gate
    except NotFound:
        return {}
    return gate.answers if gate else {}
