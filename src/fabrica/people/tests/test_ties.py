"""Who belongs together by what organisations declared: both ways, over several steps, in rings, and no longer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.conftest import make_person
from fabrica.people import services
from fabrica.people.engine.sme.draft import digest_of, empty, whole, with_link, with_other, with_own
from fabrica.people.queries import sme_draft_of, ties_of
from fabrica.people.rules import without_interest
from fabrica.people.states import Relation

OWN = {"years": [{"year": 2025, "staff": "2", "turnover": "1", "balance": "1"}], "dispersed": True}
FIGURES = {**OWN, "kind": "enterprise"}


@pytest.fixture
def declare(now):
    def declare(organisation, by, *others, number="", kind="enterprise"):
        """Others are (name, per cent that they hold of it)."""
        draft = with_own(empty(), OWN, {"category_before": "none"})
        for at, (name, percent) in enumerate(others):
            draft = with_other(draft, {**FIGURES, "kind": kind, "id": f"e{at}", "name": name}, number)
            draft = with_link(draft, {"holder": f"e{at}", "held": "self", "capital": percent, "votes": percent})
        services.save_sme_draft(organisation=organisation, content=draft, by=by, now=now)
        facts = {"name": organisation.name, "country": organisation.country, "as_of": now.date()}
        digest = digest_of(whole(sme_draft_of(organisation).content, **facts)[0])
        return services.declare_sme(organisation=organisation, digest=digest, name="A", role="B", by=by, now=now)

    return declare


def test_nobody_is_tied_to_who_declared_nothing(cast):
    found = ties_of(cast.startup)
    assert (found.organisations, found.names) == ({}, {})


def test_an_owner_is_tied_by_its_name_whatever_its_legal_form_and_both_ways(cast, declare):
    declare(cast.startup, cast.applicant, ("STRANGER THINGS Ltd", "30"))
    here, there = ties_of(cast.startup), ties_of(cast.stranger)
    assert here.organisations[cast.stranger.pk].way == (("STRANGER THINGS Ltd", Relation.PARTNER),)
    assert there.organisations[cast.startup.pk].way == (("Novalis Labs", Relation.PARTNER),)
    assert ties_of(cast.hospital).organisations == {}


def test_a_number_tells_an_owner_of_another_name(cast, declare):
    declare(cast.startup, cast.applicant, ("Quite Another", "60"), number=cast.stranger.registration_number)
    assert ties_of(cast.startup).organisations == {}  # a register number without its country says nothing
    cast.stranger.vat_number = "FR40303265045"
    cast.stranger.save()
    declare(cast.startup, cast.applicant, ("Quite Another", "60"), number="FR 40 303 265 045")
    assert ties_of(cast.startup).organisations[cast.stranger.pk].words == "Quite Another (Linked enterprise)"


def test_two_under_one_owner_are_tied_though_the_owner_is_not_here_and_a_ring_ends(cast, declare):
    declare(cast.startup, cast.applicant, ("Big Holding", "60"))
    declare(cast.stranger, cast.outsider, ("BIG HOLDING SA", "30"), ("Novalis Labs", "10"))
    declare(cast.hospital, cast.provider, ("Stranger Things", "51"), ("Novalis Labs", "30"))
    found = ties_of(cast.startup)
    assert found.organisations[cast.stranger.pk].words == (
        "Big Holding (Linked enterprise) → Stranger Things (Partner enterprise)"
    )
    assert found.organisations[cast.hospital.pk].words == "Saint Luke Hospital (Partner enterprise)"
    assert set(found.names) == {"big holding", "stranger things", "saint luke hospital"}
    assert set(found.organisations) == {cast.stranger.pk, cast.hospital.pk}


def test_two_with_the_same_investor_are_not_tied_by_it(cast, declare):
    for organisation, by in ((cast.startup, cast.applicant), (cast.stranger, cast.outsider)):
        declare(organisation, by, ("Seed Fund", "30"), kind="venture_capital")
    assert ties_of(cast.startup).organisations == {}
    assert ties_of(cast.startup).names["seed fund"].words == "Seed Fund (Investor with 25 % or more)"


def test_less_than_a_quarter_ties_nobody_and_only_the_last_declaration_counts(cast, declare):
    declare(cast.startup, cast.applicant, ("Stranger Things", "30"))
    declare(cast.startup, cast.applicant, ("Stranger Things", "24.99"))
    assert ties_of(cast.startup).names == {}


def test_a_long_chain_costs_one_statement_a_step(cast, declare, django_assert_num_queries):
    declare(cast.startup, cast.applicant, ("Big Holding", "60"))
    declare(cast.stranger, cast.outsider, ("Big Holding", "60"))
    with django_assert_num_queries(4):
        ties_of(cast.startup)


def test_a_way_says_on_whose_word_it_rests_and_a_mark_that_a_stranger_added_rests_on_theirs(cast, declare):
    declare(cast.stranger, cast.outsider, ("Novalis Labs", "30"), ("Uni Paris", "30"))
    assert {name: tie.told_by for name, tie in ties_of(cast.startup).names.items()} == {
        "stranger things": {cast.stranger.pk}, "uni paris": {cast.stranger.pk},
    }  # fmt: skip
    declare(cast.startup, cast.applicant, ("Big Holding", "60"), number="FR40303265045")
    declare(cast.stranger, cast.outsider, ("Uni Paris", "30"), number="FR40303265045")
    assert {name: tie.told_by for name, tie in ties_of(cast.startup).names.items()} == {
        "big holding": frozenset(), "uni paris": {cast.stranger.pk}, "stranger things": {cast.stranger.pk},
    }  # fmt: skip


def test_many_are_asked_for_an_interest_in_as_many_statements_as_one(cast, declare, now):
    declare(cast.hospital, cast.provider, ("Novalis Labs", "30"))
    people = [make_person(f"officer{at}", now) for at in range(6)]
    cast.hospital.members.create(person=people[0], role="member", joined_at=now)
    counts = []
    for asked in (people[:1], people):
        with CaptureQueriesContext(connection) as counted:
            found = without_interest(asked, cast.startup)
        counts.append(len(counted))
    assert (found, counts[0]) == (people[1:], counts[1])
