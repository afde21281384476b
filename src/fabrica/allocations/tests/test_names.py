"""Who works on a site's machines gets a UNIX name there, and may enter while an award runs."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, tasks
from fabrica.clusters.models import UnixName
from fabrica.clusters.queries import unix_names
from fabrica.people.models import Person
from fabrica.projects import services as projects

LATER = timedelta(seconds=10)


@pytest.fixture
def site(award):
    return award.machine.site


def test_everybody_of_a_project_is_named_within_ten_seconds(award, site, cast, now):
    assert tasks.name_people(now) is True
    assert list(UnixName.objects.values_list("person", flat=True)) == [cast.applicant.pk]
    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    assert tasks.name_people(now + LATER / 2) is False
    assert tasks.name_people(now + LATER) is True
    people = [cast.applicant.pk, cast.mate.pk, cast.outsider.pk]
    assert unix_names(site, people) == {pk: f"u{pk:05d}" for pk in people[:2]}


def test_many_are_named_without_a_rest(award, site, cast, now, monkeypatch):
    monkeypatch.setattr(tasks, "NAMES_AT_ONCE", 1)
    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    assert [tasks.name_people(now) for _ in range(4)] == [True, True, True, False]
    assert UnixName.objects.count() == 2


def test_who_was_locked_out_or_whose_award_ended_is_not_named(award, site, cast, now):
    Person.objects.filter(pk=cast.applicant.pk).update(is_active=False)
    assert queries.people_without_name(site, now, 10) == []
    Person.objects.update(is_active=True)
    assert queries.people_without_name(site, now, 10) == [cast.applicant]
    assert queries.people_without_name(site, award.ends_at, 10) == []


def test_members_enter_while_an_award_runs(award, site, cast, now):
    assert [queries.may_enter(one, site, now) for one in (cast.applicant, cast.mate, cast.operator)] == [
        True, False, False,
    ]  # fmt: skip
    assert queries.may_enter(cast.applicant, site, award.starts_at - LATER) is False
    assert queries.may_enter(cast.applicant, site, award.ends_at) is False
    cast.applicant.is_active = False
    assert queries.may_enter(cast.applicant, site, now) is False
