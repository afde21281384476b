from datetime import timedelta

import pytest
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, NotFound
from fabrica.projects import queries, rules, services
from fabrica.projects.states import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(cast, now):
    return open_project(cast, now)


def open_project(cast, now, title="Code model", **changes):
    wish = {"organisation": cast.startup, "purpose": "p", "gate_decision": "ACCEPT", "pi": cast.applicant, **changes}
    return services.open_project(title=title, ends_at=now + timedelta(days=30), by=cast.officer, now=now, **wish)


def test_a_project_is_led_by_its_pi_alone(cast, project):
    assert list(project.members.values_list("person__name", "role")) == [("Ada", Role.PI)]
    assert [(one.verb, one.actor, one.facts) for one in about("project:code-model")] == [
        ("project.open", cast.officer.uid, {"pi": cast.applicant.uid})
    ]


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Code model", "code-model"), ("3D shapes", "p-3d-shapes"), ("日本", "x"), ("x" * 90, "x" * 32)],
)
def test_a_slug_begins_with_a_letter_and_is_short(cast, now, title, slug):
    assert open_project(cast, now, title).slug == slug


def test_the_same_title_gets_the_next_free_number(cast, now):
    assert [open_project(cast, now).slug for _ in range(3)] == ["code-model", "code-model-2", "code-model-3"]


def test_the_pi_adds_and_removes_members(cast, project, now):
    for _ in range(2):
        services.add_member(project=project, email="MAX@example.org", by=cast.applicant, now=now)
    assert rules.works_in(cast.mate, project)
    for _ in range(2):
        services.remove_member(project=project, person=cast.mate, by=cast.applicant, now=now)
    assert not rules.works_in(cast.mate, project)
    assert [one.verb for one in about("project:code-model")] == [
        "project.open", "project.add_member", "project.remove_member",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["mate", "officer", "operator", "outsider"])
def test_nobody_else_changes_the_members(cast, project, now, who):
    services.add_member(project=project, email=cast.mate.email, by=cast.applicant, now=now)
    with pytest.raises(NotAllowed):
        services.add_member(project=project, email=cast.outsider.email, by=getattr(cast, who), now=now)
    with pytest.raises(NotAllowed):
        services.remove_member(project=project, person=cast.mate, by=getattr(cast, who), now=now)
    assert project.members.count() == 2


def test_the_pi_stays(cast, project, now):
    with pytest.raises(NotAllowed, match="and stays"):
        services.remove_member(project=project, person=cast.applicant, by=cast.applicant, now=now)


def test_a_stranger_must_sign_up_first(cast, project, now):
    with pytest.raises(NotFound, match="sign up first"):
        services.add_member(project=project, email="nobody@example.org", by=cast.applicant, now=now)


@pytest.mark.parametrize(
    ("who", "sees"),
    [("applicant", 1), ("mate", 0), ("officer", 1), ("operator", 1), ("assessor", 0), ("provider", 0), ("outsider", 0)],
)
def test_members_officers_and_operators_see_a_project(cast, project, who, sees):
    person = getattr(cast, who)
    assert queries.visible_to(person).count() == sees
    if not sees:
        with pytest.raises(NotFound):
            queries.project_of(person, project.slug)


def test_who_looks_does_not_work_in_it(cast, project):
    assert not rules.works_in(cast.officer, project)
    assert not rules.leads(cast.officer, project)
