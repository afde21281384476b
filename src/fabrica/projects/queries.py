"""Reading projects."""

from django.db.models import QuerySet

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects.models import Member, Project


def sees_all(person: Person) -> bool:
    """Whether the person sees every project: officers and operators do."""
    return people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)


def visible_to(person: Person) -> QuerySet[Project]:
    """The projects the person works in; officers and operators see all. Newest first."""
    rows = Project.objects.select_related("organisation").order_by("-pk")
    if sees_all(person):
        return rows
    return rows.filter(pk__in=Member.objects.filter(person=person).values("project"))


def project_of(person: Person, slug: str) -> Project:
    """A project by its slug. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no project {slug} among yours.", todo="See your projects on your home page.")
    return found
