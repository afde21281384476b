"""May this person ...?"""

from fabrica.people.models import Person
from fabrica.projects import rules as project_rules
from fabrica.projects.models import Project


def can_train(person: Person, project: Project) -> bool:
    """Whether the person may launch and cancel runs: a member of the project; officers and operators only look."""
    return project_rules.works_in(person, project)
