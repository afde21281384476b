"""May this person ...? Pure questions."""

from django.utils.translation import gettext as _

from fabrica.applications import rules as application_rules
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.kit.errors import NotAllowed
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import interests_of
from fabrica.people.states import Role
from fabrica.reviews.models import Conflict, Evaluation, Expert, Review, TechnicalAssessment
from fabrica.reviews.states import COUNTS


def has_interest(person: Person, application: Application) -> bool:
    """Whether the person has an interest in who applies: in it or in one that belongs to it, found or declared."""
    return people_rules.has_interest(person, application.organisation)


def can_assess(person: Person, application: Application) -> bool:
    """Whether the person may assess it: an assessor without a conflict of interest."""
    return people_rules.has_role(person, Role.ASSESSOR) and not has_interest(person, application)


def can_decide(person: Person, application: Application) -> bool:
    """Whether the person may decide on it: an officer without a conflict of interest, nor any part in it so far.

    Who assessed, reviewed or ranked it, or refused it before an appeal, had a part. Two persons see every application:
    nobody decides on their own assessment.
    """
    if not people_rules.has_role(person, Role.OFFICER) or has_interest(person, application):
        return False
    if application_rules.refused_it(person, application) or is_reviewer(person, application):
        return False
    if application.transitions.filter(after=State.RANKED, by=person).exists():
        return False
    return not TechnicalAssessment.objects.filter(application=application, assessor=person).exists()


def must_decide(person: Person, application: Application) -> None:
    """Raises NotAllowed for who may not decide on it; with an interest in it, that says so."""
    must_be_free(person, application)
    if not can_decide(person, application):
        raise NotAllowed(_("Only an officer without a part in it so far does this."))


def must_be_free(person: Person, application: Application) -> None:
    """Raises NotAllowed for an officer, assessor or member of the panel with an interest in who applies."""
    if people_rules.has_role(person, Role.OFFICER, Role.ASSESSOR, Role.PANEL):
        people_rules.must_have_no_interest(person, application.organisation)


def is_reviewer(person: Person, application: Application) -> bool:
    """Whether the person was asked to review it as an expert and did not say no."""
    if not people_rules.has_role(person, Role.EXPERT):
        return False
    return Review.objects.filter(evaluation__application=application, reviewer=person, stage__in=COUNTS).exists()


def works_for_applicant(person: Person, application: Application) -> bool:
    """Whether the person works for who applies, by membership or by the employer they named."""
    if people_rules.works_for(person, application.organisation):
        return True
    key = application.organisation.name_key
    return bool(key) and Expert.objects.filter(person=person, affiliation_key=key).exists()


def may_review(person: Person, application: Application) -> bool:
    """Whether an expert may read and judge it: nothing sure ties them to who applies, and they declared nothing.

    What rests on a third party's word alone, or on two that look alike, an officer looked into before asking.
    """
    if works_for_applicant(person, application):
        return False
    organisation = application.organisation_id
    if organisation in interests_of([person.pk])[person.pk].sure:
        return False
    return not Conflict.objects.filter(person=person, organisation=organisation, lifted_at=None).exists()


def can_rank(person: Person, evaluation: Evaluation) -> bool:
    """Whether the person may rank it: a panel member without a conflict of interest who did not review it."""
    application = evaluation.application
    if not people_rules.has_role(person, Role.PANEL) or has_interest(person, application):
        return False
    return not is_reviewer(person, application)


def can_stand_in(person: Person, evaluation: Evaluation) -> bool:
    """Whether the person may confirm the order of the points for the panel: an officer who may decide on it."""
    return can_decide(person, evaluation.application)


def sees_reviews(person: Person, application: Application) -> bool:
    """Whether the person sees all reviews with their names: who decides on it or ranks it, and did not review it."""
    if not people_rules.has_role(person, Role.OFFICER, Role.PANEL) or has_interest(person, application):
        return False
    return not is_reviewer(person, application)


def sees_assessor(person: Person, application: Application) -> bool:
    """Whether the person is told who assessed and what hours were recommended."""
    return application_rules.sees_assessor(person, application)


def must_invite(by: Person) -> None:
    """Raises NotAllowed for all but officers."""
    if not people_rules.has_role(by, Role.OFFICER):
        raise NotAllowed(_("Only an officer invites experts and gives them reviews."))


def must_declare(by: Person) -> None:
    """Raises NotAllowed for who judges no applications: there is nothing for them to leave to others."""
    if not people_rules.judges(by):
        raise NotAllowed(_("Only who has a say in applications declares an interest in them."))
