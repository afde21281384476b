"""Reading assessments. Every list starts from `visible_to`."""

from django.db.models import Q, QuerySet

from fabrica.applications import queries as applications
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.people.states import Role
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.states import DECIDED, REVIEWED


def visible_to(person: Person) -> QuerySet[TechnicalAssessment]:
    """Staff see all but those about an organisation they have an interest in.

    Its members see theirs once it is decided, or with the reviews of the experts, to answer them.
    """
    own = Q(application__organisation__in=organisations_of(person))
    seen = own & Q(application__state__in=(*DECIDED, *REVIEWED))
    if people_rules.is_staff_member(person):
        seen |= ~Q(application__organisation__in=people_rules.interests(person))
    return TechnicalAssessment.objects.select_related("application", "assessor").filter(seen).order_by("-pk")


def assessments_of(person: Person, application: Application) -> QuerySet[TechnicalAssessment]:
    """What the person may read of the assessments of an application, newest first."""
    return visible_to(person).filter(application=application)


def to_assess(person: Person) -> QuerySet[Application]:
    """The applications that wait for this assessor, most urgent first; none for anybody else."""
    if not people_rules.has_role(person, Role.ASSESSOR):
        return Application.objects.none()
    waiting = applications.visible_to(person).filter(state=State.SCREENED)
    return waiting.exclude(organisation__in=people_rules.interests(person)).order_by("due_on", "pk")


def latest_of(application: Application) -> TechnicalAssessment | None:
    """The assessment a decision rests on. For services; pages ask `assessments_of`."""
    return TechnicalAssessment.objects.filter(application=application).order_by("-pk").first()
