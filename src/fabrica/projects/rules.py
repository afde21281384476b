"""May this person ...?"""

from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.projects.states import Role


def works_in(person: Person, project: Project) -> bool:
    """Whether the person is a member; officers and operators may look, not work."""
    return project.members.filter(person=person).exists()


def leads(person: Person, project: Project) -> bool:
    """Whether the person is the project's principal investigator."""
    return project.members.filter(person=person, role=Role.PI).exists()
