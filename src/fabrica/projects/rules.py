"""May this person ...? All answers come from one table, `states.MAY`."""

from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role as SiteRole
from fabrica.projects.models import Project
from fabrica.projects.states import Right, Role, holders


def may(person: Person, project: Project, right: Right) -> bool:
    """Whether the person's role in the project has a right; officers and operators have none by being that."""
    return project.members.filter(person=person, role__in=holders(right)).exists()


def belongs_to(person: Person, project: Project) -> bool:
    """Whether the person has any part in the project, be it a guest's or a facilitator's."""
    return project.members.filter(person=person).exists()


def works_in(person: Person, project: Project) -> bool:
    """Whether the person may use data and launch runs there; officers, operators and guests may look, not work."""
    return may(person, project, Right.WORK)


def leads(person: Person, project: Project) -> bool:
    """Whether the person leads it: the principal investigator, or a co-principal investigator."""
    return may(person, project, Right.MANAGE)


def is_pi(person: Person, project: Project) -> bool:
    """Whether the person is its principal investigator."""
    return project.members.filter(person=person, role=Role.PI).exists()


def judges_reports(person: Person, project: Project) -> bool:
    """Whether the person accepts reports, or lifts a bar: an officer outside the project, without an interest in it."""
    if not people_rules.has_role(person, SiteRole.OFFICER) or belongs_to(person, project):
        return False
    return not people_rules.has_interest(person, project.organisation)


def judges_of(project: Project) -> list[Person]:
    """All whom `judges_reports` lets judge, in as many statements for many as for one."""
    inside = set(project.members.values_list("person", flat=True))
    officers = people_rules.without_interest(with_role(SiteRole.OFFICER), project.organisation)
    return [one for one in officers if one.pk not in inside]
