"""May this person ...? Pure questions. Nobody signed in is None."""

from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects import rules as project_rules
from fabrica.registry.models import Model, ModelVersion
from fabrica.registry.states import State


def can_see_inside(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person sees it without its being published: members of its project, officers, operators."""
    if person is None:
        return False
    is_staff = people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)
    return is_staff or project_rules.works_in(person, version.model.project)


def can_decide(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may publish or withdraw it: the principal investigator of its project."""
    return person is not None and project_rules.leads(person, version.model.project)


def can_declare(person: Person | None, model: Model) -> bool:
    """Whether the person may declare facts of a model: who leads its project."""
    return person is not None and project_rules.leads(person, model.project)


def can_download(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may have its files: everybody while it is published, else those who see inside."""
    return version.state == State.PUBLISHED or can_see_inside(person, version)


def can_keep_keys(person: Person) -> bool:
    """Whether the person may rotate and revoke signing keys: an operator."""
    return people_rules.has_role(person, Role.OPERATOR)
