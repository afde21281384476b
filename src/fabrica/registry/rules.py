"""May this person ...? Pure questions. Nobody signed in is None."""

from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects import rules as project_rules
from fabrica.registry.models import Model, ModelVersion, Report
from fabrica.registry.states import State
from fabrica.training.rules import can_train


def can_see_inside(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person sees it without its being published: members of its project, officers, operators."""
    if person is None:
        return False
    is_staff = people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)
    return is_staff or project_rules.works_in(person, version.model.project)


def can_decide(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may publish or withdraw it: the principal investigator of its project."""
    return person is not None and project_rules.leads(person, version.model.project)


def can_review(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may review it: who works in its project, or an officer from outside project and organisation.

    Not whether they are the second person: who launched its run or asked for the review is refused by the service.
    """
    if person is None:
        return False
    project = version.model.project
    return project_rules.works_in(person, project) or project_rules.judges_reports(person, project)


def can_measure(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may have it evaluated again: who may launch runs of its project."""
    return person is not None and can_train(person, version.model.project)


def can_declare(person: Person | None, model: Model) -> bool:
    """Whether the person may declare facts of a model: who leads its project."""
    return person is not None and project_rules.leads(person, model.project)


def can_download(person: Person | None, version: ModelVersion) -> bool:
    """Whether the person may have its files: everybody while it is published and not restricted, else insiders."""
    is_open = version.state == State.PUBLISHED and version.restricted_at is None
    return is_open or can_see_inside(person, version)


def can_handle(person: Person | None, report: Report) -> bool:
    """Whether the person handles a report about a model: an officer from outside its project and organisation."""
    return person is not None and project_rules.judges_reports(person, report.version.model.project)


def can_see_report(person: Person | None, report: Report) -> bool:
    """Whether the person reads what was reported: who handles it, and who leads the project."""
    return can_handle(person, report) or can_decide(person, report.version)


def can_keep_keys(person: Person) -> bool:
    """Whether the person may rotate and revoke signing keys: an operator."""
    return people_rules.has_role(person, Role.OPERATOR)
