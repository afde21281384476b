"""An evaluation: which experts the engine proposes, whom the officer chooses, and who is in conflict."""

import json
from datetime import timedelta
from functools import partial

import pytest
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.services import SavedMeanwhile
from fabrica.applications.states import State
from fabrica.applications.tests.factories import draft
from fabrica.audit.models import Entry
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.facts import load
from fabrica.notices.models import Notice
from fabrica.people.models import Member, Organisation, Person
from fabrica.people.states import Role
from fabrica.people import services as people
from fabrica.people import shown
from fabrica.reviews import queries, services
from fabrica.reviews.models import Conflict, Expert, Review
from fabrica.reviews.services.experts import Profile
from fabrica.reviews.states import Stage
from fabrica.reviews.tests.factories import (
    SCORES, assessed, expert, handed_in, large, large_call, opened, panel_member, reviewed,
)  # fmt: skip

PROFILE = Profile(affiliation="Uni", fields=["code"], languages=["en"], most_reviews=2)


@pytest.fixture
def wide(machine, now):
    return large_call(machine, now)


def names(rows):
    return [one.name for one in rows]


def test_a_mode_without_experts_has_no_evaluation(cast, call, now):
    with pytest.raises(Refused, match="no review by experts"):
        opened(cast, assessed(cast, call, now), now)


def test_a_mode_with_experts_has_no_award_before_them(cast, wide, now):
    from fabrica.allocations import services as allocations

    with pytest.raises(Refused, match="assessed cannot become awarded"):
        allocations.award(
            application=large(cast, wide, now), gpu_seconds=1, months=6, by=cast.officer, now=now, note="x"
        )


def test_a_site_scores_by_criteria_of_its_own_and_what_was_opened_keeps_its_own(cast, wide, now, settings, tmp_path):
    before = opened(cast, large(cast, wide, now), now)
    data, own = load("fabrica.reviews", "criteria.json"), tmp_path / "criteria.json"
    sets = {"general": [{**data["sets"]["general"][0], "id": "merit", "weight": 100}]}
    own.write_text(json.dumps({**data, "version": "ours", "sets": sets}), encoding="utf-8")
    settings.FABRICA_CRITERIA = str(own)
    after = opened(cast, large(cast, wide, now), now)
    found = [(one.criteria.version, len(one.criteria.each)) for one in map(again, (before, after))]
    assert found == [("2026-11", 3), ("ours", 1)]


def again(evaluation):
    evaluation.refresh_from_db()
    return evaluation


def test_the_engine_proposes_who_knows_it_and_says_what_speaks_against_the_others(cast, wide, now):
    application = large(cast, wide, now)
    people.add_member(organisation=cast.stranger, email=cast.mate.email, by=cast.outsider, now=now)
    for name, more in {
        "anna": {}, "bert": {}, "carl": {"fields": ["health"]}, "dora": {"languages": ["de"]},
        "emil": {"affiliation": "NOVALIS LABS"}, "fred": {"affiliation": "Stranger Things"},
    }.items():  # fmt: skip
        expert(cast, name, now, **more)
    services.note_link(one="Novalis Labs", other="Stranger Things", by=cast.officer, now=now)
    found = queries.proposal_of(opened(cast, application, now))
    assert sorted(names(one for one in found.rows if one.is_proposed)) == ["Anna", "Bert"]
    assert {one.name: one.pairing.against for one in found.rows if one.pairing.against} == {
        "Carl": ("field",), "Dora": ("language",), "Emil": ("same organisation",), "Fred": ("linked organisations",),
    }  # fmt: skip
    assert (found.missing, found.binds) == (0, "")


def test_who_works_for_an_owner_that_the_applicant_declared_is_in_conflict_and_the_officer_reads_why(cast, wide, now):
    own = {"years": [{"year": 2025, "staff": "2", "turnover": "1", "balance": "1"}], "dispersed": True}
    document = {
        "enterprises": [{"id": "self", **own}, {"id": "e1", "name": "Big Holding", **own}], "category_before": "none",
        "links": [{"holder": "e1", "held": "self", "capital": "60", "votes": "60"}],
    }  # fmt: skip
    people.save_sme_draft(organisation=cast.startup, content=document, by=cast.applicant, now=now)
    digest = shown.live(cast.startup, document, now.date()).digest
    people.declare_sme(organisation=cast.startup, digest=digest, name="Ada", role="Head", by=cast.applicant, now=now)
    expert(cast, "anna", now)
    hans = expert(cast, "hans", now, affiliation="Big Holding SA")
    evaluation = opened(cast, large(cast, wide, now), now)
    told = "works for an organisation linked to who applies: Big Holding (Linked enterprise)"
    assert {one.name: list(map(str, one.conflict_words)) for one in queries.proposal_of(evaluation).rows} == {
        "Anna": [], "Hans": [told],
    }  # fmt: skip
    with pytest.raises(Refused, match="has a conflict of interest") as refused:
        services.assign(evaluation=evaluation, experts=[hans.uid], by=cast.officer, now=now)
    assert refused.value.why == told


def test_who_wrote_or_applies_with_the_applicant_reviews_nothing_of_theirs_and_the_officer_reads_why(cast, wide, now):
    ada, mate, hers, his = "0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X", "0000-0003-1415-9269"
    note = partial(people.note_authorship, now=now)
    note(orcid=ada, coauthors=hers, team=mate, by=cast.applicant)
    application = large(cast, wide, now)
    told = {
        "anna": {"orcid": mate, "coauthors": ""},  # applies with Ada
        "bert": {"orcid": hers, "coauthors": ""},  # in Ada's list
        "carl": {"orcid": "", "coauthors": ada},  # has Ada in his
        "dora": {"orcid": "", "coauthors": mate},  # wrote with whom Ada applies with
        "emil": {"orcid": his, "coauthors": hers},  # has nothing to do with them but a common co-author
    }
    for name, said in told.items():
        note(**said, team="", by=expert(cast, name, now))
    evaluation = opened(cast, application, now)
    found = queries.proposal_of(evaluation)
    assert {one.name: [str(word) for word in one.conflict_words] for one in found.rows} == {
        "Anna": ["is named in the application"], "Bert": ["wrote with somebody who applies"],
        "Carl": ["wrote with somebody who applies"], "Dora": ["wrote with somebody who applies"], "Emil": [],
    }  # fmt: skip
    assert not any(one.is_proposed for one in found.rows if one.conflicts)
    assert {one.name: one.needs_reason for one in found.rows} == {
        "Anna": True, "Bert": True, "Carl": False, "Dora": True, "Emil": False,
    }  # fmt: skip
    uids = {one.name: one.uid for one in found.rows}
    for name, given, problem in (("Carl", "I looked.", "has a conflict"), ("Bert", " ", "may have a conflict")):
        with pytest.raises(Refused, match=f"{problem}.*wrote with somebody who applies"):
            services.assign(evaluation=evaluation, experts=[uids[name]], reason=given, by=cast.officer, now=now)
    (asked,) = services.assign(
        evaluation=evaluation, experts=[uids["Bert"]], reason="Never met.", by=cast.officer, now=now
    )
    assert (asked.why["reason"], asked.why["against"]) == ("Never met.", ["co-author"])
    assert Entry.objects.get(verb="review.ask").facts["despite"] == ["co-author"]
    assert [one.name for one in queries.proposal_of(evaluation).rows if one.is_asked] == ["Bert"]


def test_a_stranger_who_declares_holdings_in_everybody_keeps_no_expert_away_for_good(cast, wide, now):
    own = {"years": [{"year": 2025, "staff": "2", "turnover": "1", "balance": "1"}], "dispersed": True}
    names = ("Novalis Labs", "Uni Paris", "Uni Rome")
    document = {
        "enterprises": [{"id": "self", **own}, *({"id": f"e{at}", "name": one, **own} for at, one in enumerate(names))],
        "links": [{"holder": "self", "held": f"e{at}", "capital": "30", "votes": "30"} for at in range(3)],
        "category_before": "none",
    }  # fmt: skip
    people.save_sme_draft(organisation=cast.stranger, content=document, by=cast.outsider, now=now)
    digest = shown.live(cast.stranger, document, now.date()).digest
    people.declare_sme(organisation=cast.stranger, digest=digest, name="Eve", role="Head", by=cast.outsider, now=now)
    paula = expert(cast, "paula", now, affiliation="Uni Paris")
    sten = expert(cast, "sten", now, affiliation="Elsewhere")
    Member.objects.create(organisation=cast.stranger, person=sten, role="member", joined_at=now)
    evaluation = opened(cast, large(cast, wide, now), now)
    rows = {one.name: one for one in queries.proposal_of(evaluation).rows}
    assert {name: (one.conflicts, one.needs_reason) for name, one in rows.items()} == {
        "Paula": (["linked organisations"], True), "Sten": (["linked organisations"], False),
    }  # fmt: skip
    with pytest.raises(Refused, match="Paula may have.*Stranger Things.*Uni Paris"):
        services.assign(evaluation=evaluation, experts=[paula.uid], by=cast.officer, now=now)
    services.assign(evaluation=evaluation, experts=[paula.uid], reason="Not so.", by=cast.officer, now=now)


def test_what_is_lacking_is_said_with_its_reason(cast, wide, now):
    expert(cast, "anna", now)
    expert(cast, "emil", now, affiliation="Novalis Labs SAS")
    found = queries.proposal_of(opened(cast, large(cast, wide, now), now))
    assert (names(one for one in found.rows if one.is_proposed), found.missing) == (["Anna"], 1)
    assert str(found.binds).startswith("All others who know its field and language have a conflict")


def test_the_officer_confirms_and_the_experts_are_asked_without_learning_of_each_other(cast, wide, now):
    anna, bert = expert(cast, "anna", now), expert(cast, "bert", now)
    application = large(cast, wide, now)
    evaluation = opened(cast, application, now)
    asked = services.assign(evaluation=evaluation, experts=[anna.uid, bert.uid], by=cast.officer, now=now)
    assert [(one.stage, one.why) for one in asked] == [
        ("asked", {"points": 50, "fields": {"code": 50}, "against": []})
    ] * 2
    assert [one.reviewer for one in queries.reviews_of(anna)] == [anna]
    with pytest.raises(NotFound):
        queries.review_of(anna, queries.reviews_of(bert).get().pk)
    assert list(queries.reviews_for(anna, application)) == []
    assert Notice.objects.filter(kind="review_asked").count() == 2


def test_the_officer_may_choose_against_the_field_but_never_against_a_conflict(cast, wide, now):
    carl, emil = expert(cast, "carl", now, fields=["health"]), expert(cast, "emil", now, affiliation="Novalis Labs")
    evaluation = opened(cast, large(cast, wide, now), now)
    services.assign(evaluation=evaluation, experts=[carl.uid], by=cast.officer, now=now)
    with pytest.raises(Refused, match="Emil has a conflict of interest.*works for who applies"):
        services.assign(evaluation=evaluation, experts=[carl.uid, emil.uid], by=cast.officer, now=now)
    assert Review.objects.get().reviewer == carl


def test_who_is_left_out_loses_the_review_and_may_be_asked_again(cast, wide, now):
    anna, bert = expert(cast, "anna", now), expert(cast, "bert", now)
    evaluation = opened(cast, large(cast, wide, now), now)
    for chosen in ([anna, bert], [bert], [anna, bert]):
        services.assign(evaluation=evaluation, experts=[one.uid for one in chosen], by=cast.officer, now=now)
        stages = dict(Review.objects.values_list("reviewer__uid", "stage"))
        assert {uid for uid, stage in stages.items() if stage == Stage.ASKED} == {one.uid for one in chosen}


def test_an_expert_who_declares_a_conflict_is_never_proposed_for_that_organisation_again(cast, wide, now):
    anna, bert = expert(cast, "anna", now), expert(cast, "bert", now)
    evaluation = opened(cast, large(cast, wide, now), now)
    asked = services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)
    services.declare_conflict(review=asked[0], by=anna, now=now)
    assert Conflict.objects.get().organisation == cast.startup
    other = queries.proposal_of(opened(cast, large(cast, wide, now, title="Another"), now, reviews=1))
    assert names(one for one in other.rows if one.is_proposed) == ["Bert"]
    with pytest.raises(Refused, match="conflict of interest|said no"):
        services.assign(evaluation=evaluation, experts=[anna.uid, bert.uid], by=cast.officer, now=now)
    assert Notice.objects.filter(kind="review_declined", person=cast.officer).count() == 1


def test_who_declines_is_not_asked_again_for_this_one(cast, wide, now):
    anna = expert(cast, "anna", now)
    evaluation = opened(cast, large(cast, wide, now), now)
    asked = services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)
    services.decline(review=asked[0], by=anna, now=now)
    with pytest.raises(Refused, match="has said no"):
        services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)


def test_a_load_limit_counts_what_is_open_elsewhere(cast, wide, now):
    anna = expert(cast, "anna", now, most_reviews=1)
    first = opened(cast, large(cast, wide, now), now, reviews=1)
    services.assign(evaluation=first, experts=[anna.uid], by=cast.officer, now=now)
    second = queries.proposal_of(opened(cast, large(cast, wide, now, title="Two"), now, reviews=1))
    assert (second.missing, str(second.binds)) == (1, "All who could review it are at their limit.")


def test_organisations_are_linked_once_and_by_officers(cast, now):
    services.note_link(one="Novalis Labs", other="Stranger Things", by=cast.officer, now=now)
    with pytest.raises(Refused, match="noted already"):
        services.note_link(one="Stranger Things", other="Novalis Labs", by=cast.officer, now=now)
    with pytest.raises(Refused, match="one organisation"):
        services.note_link(one="Novalis Labs", other="novalis labs", by=cast.officer, now=now)
    with pytest.raises(NotFound, match="No organisation is registered"):
        services.note_link(one="Nobody", other="Novalis Labs", by=cast.officer, now=now)
    with pytest.raises(NotAllowed):
        services.note_link(one="Novalis Labs", other="Saint Luke Hospital", by=cast.applicant, now=now)
    assert Organisation.objects.count() == 3
