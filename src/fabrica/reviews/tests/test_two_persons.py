"""Two persons see every application."""

import pytest
from fabrica.allocations import services as allocations
from fabrica.applications.tests.factories import screened
from fabrica.kit.errors import NotAllowed
from fabrica.people import services as people
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews import services


def test_who_assessed_it_neither_awards_nor_refuses_it(cast, call, now):
    made = screened(cast, call, now)
    people.grant_role(person=cast.assessor, role=Role.OFFICER, by=cast.operator, now=now)
    both = Person.objects.get(pk=cast.assessor.pk)
    services.assess(application=made, verdict="fit", comment="Fine.", gpu_seconds_recommended=36_000, by=both, now=now)
    made.refresh_from_db()
    with pytest.raises(NotAllowed, match="nor assessed its application"):
        services.refuse(application=made, reason="No.", by=both, now=now)
    with pytest.raises(NotAllowed, match="nor assessed its application"):
        allocations.award(application=made, gpu_seconds=36_000, months=1, by=both, now=now)
