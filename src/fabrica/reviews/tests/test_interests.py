"""Who has an interest in an application neither judges nor sees it, whatever their role; and how one is lifted."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.applications import queries as applications
from fabrica.applications import services as applying
from fabrica.applications.rules import can_screen
from fabrica.applications.tests.factories import screened, submitted
from fabrica.audit.models import Entry
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.people.models import Person
from fabrica.people.queries import interests_of
from fabrica.people.rules import has_interest
from fabrica.people.states import Role
from fabrica.people.tests.test_ties import declare  # noqa: F401 - a fixture
from fabrica.reviews import queries, rules, services
from fabrica.reviews.models import Conflict, Link
from fabrica.reviews.tests.factories import expert, large, panel_member, reviewed
from fabrica.reviews.tests.test_evaluating import wide  # noqa: F401 - a fixture
from fabrica.trust.rules import has_interest as bars_the_board

pytestmark = pytest.mark.django_db
WHY = "My sister works there."


def fresh(person):
    return Person.objects.get(pk=person.pk)


def linked(cast, now, *people):
    """They work for one that an officer noted as belonging to who applies."""
    pair = sorted((cast.startup, cast.stranger), key=lambda one: one.pk)
    Link.objects.create(one=pair[0], other=pair[1], noted_by=cast.officer, noted_at=now)
    for one in people:
        cast.stranger.members.create(person=one, role="member", joined_at=now)


def test_who_works_for_a_linked_organisation_neither_judges_nor_sees_it(cast, wide, now):  # noqa: F811
    evaluation = reviewed(cast, large(cast, wide, now), [expert(cast, "anna", now)], now)
    application, paula = evaluation.application, panel_member(now)
    other = make_person("olaf", now, Role.OFFICER)
    may = [
        (other, lambda one: can_screen(one, application)), (other, lambda one: rules.can_decide(one, application)),
        (cast.assessor, lambda one: rules.can_assess(one, application)),
        (paula, lambda one: rules.can_rank(one, evaluation)), (paula, lambda one: rules.sees_reviews(one, application)),
        (other, lambda one: application in applications.visible_to(one)),
        (paula, lambda one: application in applications.visible_to(one)),
        (paula, lambda one: evaluation in queries.to_rank(one, now + timedelta(days=30))),
    ]  # fmt: skip
    assert [ask(fresh(one)) for one, ask in may] == [True] * len(may)
    linked(cast, now, other, cast.assessor, paula)
    assert [ask(fresh(one)) for one, ask in may] == [False] * len(may)
    assert bars_the_board(fresh(other), cast.startup)
    with pytest.raises(NotAllowed, match="You have an interest in this organisation"):
        applications.application_of(fresh(paula), application.code)
    with pytest.raises(NotFound):
        applications.application_of(fresh(cast.outsider), application.code)


def test_the_refusal_of_a_decision_says_that_a_colleague_goes_on(cast, call, now):
    made = submitted(cast, call, now)
    linked(cast, now, cast.officer)
    with pytest.raises(NotAllowed, match="another officer, assessor or member of the panel"):
        applying.screen(application=made, by=cast.officer, now=now)
    other = make_person("olaf", now, Role.OFFICER)
    assert applying.screen(application=made, by=other, now=now).state == "screened"


def test_ownership_and_a_named_employer_bar_as_they_bar_experts(cast, now, declare):  # noqa: F811
    declare(cast.startup, cast.applicant, ("Stranger Things", "60"), ("Nowhere Known", "30"))
    panel, pia = panel_member(now), panel_member(now, "pia")
    cast.stranger.members.create(person=panel, role="member", joined_at=now)
    services.experts.Expert.objects.create(
        person=pia, affiliation="Nowhere Known", affiliation_key="nowhere known", joined_at=now, changed_at=now
    )
    assert [has_interest(one, cast.startup) for one in (panel, pia, cast.officer)] == [True, True, False]
    assert not has_interest(panel, cast.hospital)


def test_a_declared_interest_ends_ones_part_until_another_officer_lifts_it(cast, wide, now):  # noqa: F811
    evaluation = reviewed(cast, large(cast, wide, now), [expert(cast, "anna", now)], now)
    application, paula = evaluation.application, panel_member(now)
    with pytest.raises(Refused, match="A reason is needed"):
        services.declare_interest(application=application, reason=" ", by=paula, now=now)
    with pytest.raises(NotAllowed):
        services.declare_interest(application=application, reason=WHY, by=cast.applicant, now=now)
    made = services.declare_interest(application=application, reason=WHY, by=paula, now=now)
    assert (rules.can_rank(paula, evaluation), application in applications.visible_to(paula)) == (False, False)
    assert [one.person for one in Notice.objects.filter(kind="interest_declared")] == [cast.officer]
    with pytest.raises(NotAllowed, match="Only another officer"):
        services.lift_interest(conflict=made, reason="Gone.", by=paula, now=now)
    with pytest.raises(Refused, match="A reason is needed"):
        services.lift_interest(conflict=made, reason="", by=cast.officer, now=now)
    services.lift_interest(conflict=made, reason="She left.", by=cast.officer, now=now)
    assert rules.can_rank(fresh(paula), evaluation)
    with pytest.raises(Refused, match="lifted already"):
        services.lift_interest(conflict=made, reason="She left.", by=cast.officer, now=now)
    assert [(one.verb, one.actor) for one in Entry.objects.filter(verb__startswith="interest.")] == [
        ("interest.declare", paula.uid), ("interest.lift", cast.officer.uid),
    ]  # fmt: skip
    services.declare_interest(application=application, reason=WHY, by=paula, now=now)
    assert (Conflict.objects.count(), rules.can_rank(paula, evaluation)) == (1, False)


def test_lifting_does_not_undo_that_one_works_there(cast, call, now):
    application, other = screened(cast, call, now), make_person("olaf", now, Role.OFFICER)
    linked(cast, now, cast.assessor)
    made = services.declare_interest(application=application, reason=WHY, by=cast.assessor, now=now)
    services.lift_interest(conflict=made, reason="Looked into.", by=other, now=now)
    assert not rules.can_assess(fresh(cast.assessor), application)


def test_a_tie_that_only_a_third_party_told_bars_until_an_officer_sets_it_aside(cast, call, now, declare):  # noqa: F811
    application, paula = screened(cast, call, now), panel_member(now)
    cast.stranger.members.create(person=paula, role="member", joined_at=now)
    declare(cast.hospital, cast.provider, ("Stranger Things", "51"), ("Novalis Labs", "30"))
    assert has_interest(paula, cast.startup)
    made = services.interests.keep_interest(organisation=cast.startup, by=paula, now=now)
    services.lift_interest(conflict=made, reason="Looked into.", by=cast.officer, now=now)
    assert not has_interest(paula, cast.startup)


def test_interests_of_many_people_cost_as_many_statements_as_of_one(cast, now, declare):  # noqa: F811
    declare(cast.startup, cast.applicant, ("Stranger Things", "60"))
    linked(cast, now)
    people = [panel_member(now, f"p{at}") for at in range(6)]
    for one in people:
        cast.stranger.members.create(person=one, role="member", joined_at=now)
    asked = []
    for some in (people[:1], people):
        with CaptureQueriesContext(
            connection,
        ) as log:
            found = interests_of([one.pk for one in some])
        assert all(cast.startup.pk in one.all for one in found.values())
        asked.append(len(log))
    assert asked[0] == asked[1]


def test_the_pages_take_a_declaration_and_an_officer_lifts_it(cast, wide, now, client):  # noqa: F811
    evaluation = reviewed(cast, large(cast, wide, now), [expert(cast, "anna", now)], now)
    code, paula = evaluation.application.code, panel_member(now)
    client.force_login(paula)
    assert client.post(f"/applications/{code}/interest/", {"reason": WHY})["Location"] == "/home/"
    assert [
        client.get(path).status_code for path in (f"/applications/{code}/", f"/api/applications/{code}", "/interests/")
    ] == [403] * 3
    client.force_login(cast.officer)
    assert WHY in client.get("/interests/").content.decode()
    made = Conflict.objects.get()
    lifted = {"interest": made.pk, "reason": "She left.", "declared_at": made.declared_at.isoformat()}
    assert f'value="{lifted["declared_at"]}"' in client.get("/interests/").content.decode()
    client.post("/interests/", lifted)
    made.refresh_from_db()
    assert (made.lifted_by, made.lifted_why) == (cast.officer, "She left.")
    client.force_login(paula)
    assert client.get(f"/applications/{code}/").status_code == 200
    assert client.post("/interests/", {"interest": made.pk, "reason": "x"}).status_code == 403
