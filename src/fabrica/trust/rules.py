"""May this person ...? Pure questions. Nobody reads or votes on what they have an interest in."""

from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role
from fabrica.projects import rules as project_rules
from fabrica.projects.models import Member
from fabrica.trust.models import Condition, ImpactAssessment, Referral, Seat
from fabrica.trust.states import Case, Owner


def has_interest(person: Person, organisation: Organisation) -> bool:
    """Whether the person has an interest in it, as for all who judge."""
    return organisation.pk in people_rules.interests(person)


def has_part(person: Person, subject: str) -> bool:
    """Whether a case is about a project that the person belongs to."""
    kind, _colon, slug = subject.partition(":")
    return kind == "project" and Member.objects.filter(project__slug=slug, person=person).exists()


def is_on_board(person: Person) -> bool:
    """Whether the person is an ethics officer or a member of the board."""
    return people_rules.has_role(person, Role.ETHICS, Role.BOARD)


def is_conflicted(person: Person, referral: Referral) -> bool:
    """Whether an interest bars the person from a case: found in what organisations declared, or told by themselves."""
    if has_interest(person, referral.organisation) or has_part(person, referral.subject):
        return True
    return referral.seats.filter(person=person, conflicted_at__isnull=False).exists()


def can_lead(person: Person, referral: Referral) -> bool:
    """Whether the person leads a case: an ethics officer without an interest in it."""
    return people_rules.has_role(person, Role.ETHICS) and not is_conflicted(person, referral)


def can_vote(person: Person, referral: Referral) -> bool:
    """Whether the person votes on a case: whoever was given a seat, keeps the right, and has no interest in it."""
    if not is_on_board(person) or is_conflicted(person, referral):
        return False
    return referral.seats.filter(person=person).exists()


def can_release(person: Person, referral: Referral) -> bool:
    """Whether the person is the second of two: of the board, or an officer where a site is small; never the writer."""
    if referral.state != Case.PROPOSED or referral.written_by_id == person.pk or is_conflicted(person, referral):
        return False
    if people_rules.has_role(person, Role.ETHICS, Role.OFFICER):
        return True
    return can_vote(person, referral)


def can_answer(person: Person, referral: Referral) -> bool:
    """Whether the person answers the board's questions: a member of the organisation."""
    return people_rules.works_for(person, referral.organisation)


def can_read_condition(person: Person, condition: Condition) -> bool:
    """Whether the person reads a condition: its side, the project's members, officers and board without an interest."""
    if people_rules.works_for(person, condition.organisation):
        return True
    if condition.project is not None and project_rules.belongs_to(person, condition.project):
        return True
    may = people_rules.has_role(person, Role.ETHICS, Role.BOARD, Role.OFFICER)
    return may and not has_interest(person, condition.organisation)


def can_give_evidence(person: Person, condition: Condition) -> bool:
    """Whether the person gives evidence: of the side that owes it, and the one person, where one is named."""
    if condition.person_id is not None and condition.person_id != person.pk:
        return False
    if condition.owner == Owner.SITE:
        is_site = people_rules.has_role(person, Role.OFFICER, Role.ETHICS)
        return is_site and not has_interest(person, condition.organisation)
    if people_rules.works_for(person, condition.organisation):
        return True
    return condition.project is not None and project_rules.works_in(person, condition.project)


def can_judge(person: Person, condition: Condition) -> bool:
    """Whether the person finds a condition met or waives it: of the board, without an interest, nor its evidence's.

    An interest that was declared in a case bars from the conditions of that subject too, and so does a part in the
    project that owes them.
    """
    return is_on_board(person) and condition.given_by_id != person.pk and not is_barred(person, condition)


def is_barred(person: Person, condition: Condition) -> bool:
    """Whether an interest, found or declared, bars the person from a condition, whatever roles they have."""
    if has_interest(person, condition.organisation):
        return True
    if condition.project is not None and project_rules.belongs_to(person, condition.project):
        return True
    told = Seat.objects.filter(person=person, referral__subject=condition.subject, conflicted_at__isnull=False)
    return told.exists()


def can_write_impact(person: Person, assessment: ImpactAssessment) -> bool:
    """Whether the person writes and signs it: of the applicant's side, or who works in the project."""
    if people_rules.works_for(person, assessment.organisation):
        return True
    return assessment.project is not None and project_rules.works_in(person, assessment.project)


def can_read_impact(person: Person, assessment: ImpactAssessment) -> bool:
    """Whether the person reads what was signed: its side, the project's members, the board without an interest."""
    if people_rules.works_for(person, assessment.organisation):
        return True
    if assessment.project is not None and project_rules.belongs_to(person, assessment.project):
        return True
    if not is_on_board(person) or has_interest(person, assessment.organisation):
        return False
    told = Seat.objects.filter(person=person, referral__subject=assessment.subject, conflicted_at__isnull=False)
    return not told.exists()
