"""May this person ...? Pure questions."""

from fabrica.dataspaces.models import Dataset
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role


def can_publish_for(person: Person, organisation: Organisation) -> bool:
    """Whether the person may publish in the organisation's name: a data provider who works for it."""
    return people_rules.has_role(person, Role.PROVIDER) and people_rules.works_for(person, organisation)


def provides(person: Person | None, dataset: Dataset) -> bool:
    """Whether the person may write in the dataset and see who used it for what. Own data has no provider."""
    return person is not None and not dataset.is_own_data and can_publish_for(person, dataset.provider)
