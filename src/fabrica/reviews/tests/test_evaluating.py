"""Experts, from the invitation to reviews that the applicant answers."""

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


def test_an_expert_is_invited_says_what_they_know_and_gets_the_role(cast, now):
    person = make_person("erik", now)
    services.invite(email="Erik@example.org", by=cast.officer, now=now)
    assert queries.invitation_for(person, now).person == person
    made = services.answer_invitation(by=person, now=now, profile=PROFILE, keeps_confidential=True)
    assert (made.fields, made.languages, made.most_reviews) == (["code"], ["en"], 2)
    assert Person.objects.get(pk=person.pk).role_grants.get().role == Role.EXPERT
    assert queries.invitation_for(person, now) is None


def test_who_declines_the_invitation_is_not_in_the_pool_and_may_be_asked_again(cast, now):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    with pytest.raises(Refused, match="invited already"):
        services.invite(email=person.email, by=cast.officer, now=now)
    assert services.answer_invitation(by=person, now=now, profile=None) is None
    assert not person.role_grants.exists()
    services.invite(email=person.email, by=cast.officer, now=now)


def test_an_invitation_ends(cast, now):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    later = now + timedelta(days=14)
    with pytest.raises(NotFound, match="still open"):
        services.answer_invitation(by=person, now=later, profile=PROFILE, keeps_confidential=True)
    services.invite(email=person.email, by=cast.officer, now=later)
    services.answer_invitation(by=person, now=later, profile=PROFILE, keeps_confidential=True)


@pytest.mark.parametrize("who", ["applicant", "assessor", "operator", "outsider"])
def test_only_officers_invite(cast, now, who):
    with pytest.raises(NotAllowed, match="Only an officer"):
        services.invite(email=cast.mate.email, by=getattr(cast, who), now=now)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"affiliation": " "}, "has an employer"),
        ({"fields": []}, "at least one field"),
        ({"fields": ["alchemy"]}, "at least one field"),
        ({"languages": ["xx"]}, "at least one language"),
        ({"most_reviews": 0}, "takes 1 to 20"),
        ({"most_reviews": 21}, "takes 1 to 20"),
        ({"orcid": "0000-0002-1825-0098"}, "no ORCID"),
        ({"orcid": "0000000218250097"}, "no ORCID"),
    ],
)
def test_a_profile_that_says_nothing_is_refused(cast, now, changes, told):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    with pytest.raises(Refused, match=told):
        services.answer_invitation(
            by=person, now=now, profile=Profile(**{**vars(PROFILE), **changes}), keeps_confidential=True
        )
    assert not Expert.objects.exists()


def test_an_orcid_is_kept_when_its_check_digit_is_right(cast, now):
    assert expert_row(expert(cast, "erik", now, orcid="0000-0002-1694-233x")).orcid == "0000-0002-1694-233X"


def expert_row(person):
    return Expert.objects.get(person=person)


def test_nobody_makes_an_expert_a_member_to_be_rid_of_them(cast, now):
    person = expert(cast, "erik", now)
    with pytest.raises(NotFound, match="Nobody can be added"):
        people.add_member(organisation=cast.startup, email=person.email, by=cast.applicant, now=now)


def test_a_mode_without_experts_has_no_evaluation(cast, call, now):
    with pytest.raises(Refused, match="no review by experts"):
        opened(cast, assessed(cast, call, now), now)


def test_a_mode_with_experts_has_no_award_before_them(cast, wide, now):
    from fabrica.allocations import services as allocations

    with pytest.raises(Refused, match="assessed cannot become awarded"):
        allocations.award(
            application=large(cast, wide, now), gpu_seconds=1, months=6, by=cast.officer, now=now, note="x"
        )


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


@pytest.fixture
def asked(cast, wide, now):
    """One review that was asked for."""
    anna = expert(cast, "anna", now)
    evaluation = opened(cast, large(cast, wide, now), now, reviews=1)
    return services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)[0]


def test_an_expert_reads_the_files_once_no_conflict_was_declared(cast, wide, now, client, settings, tmp_path):
    settings.FABRICA_STORAGE = tmp_path
    made = draft(cast, wide, now, gpu_seconds_requested=60_000 * 3600, months=6)
    file = applications.attach(
        application=made, question="scaling_files", name="scaling.csv", data=b"1;9000", by=cast.applicant, now=now
    )
    applications.submit(application=made, by=cast.applicant, now=now)
    applications.screen(application=made, by=cast.officer, now=now)
    services.assess(
        application=made, verdict="fit", comment="Fits.", gpu_seconds_recommended=3600, by=cast.assessor, now=now
    )
    made.refresh_from_db()
    anna, emil = expert(cast, "anna", now), expert(cast, "emil", now)
    evaluation = opened(cast, made, now, reviews=1)
    (asked,) = services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)
    address = f"/reviewing/{asked.pk}/attachments/{file.uid}/"

    def read_by(person, path=address):
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(path)

    assert read_by(anna).status_code == 404
    services.accept(review=asked, by=anna, now=now)
    assert f'href="{address}"' in read_by(anna, f"/reviewing/{asked.pk}/").content.decode()
    answer = read_by(anna)
    assert (answer.content, answer["Content-Type"]) == (b"1;9000", "application/octet-stream")
    assert read_by(emil).status_code == 404


def test_a_review_is_written_only_once_no_conflict_was_declared(asked, now):
    with pytest.raises(Refused, match="cannot be changed now. Asked"):
        services.save_review(review=asked, scores=SCORES, comment="x", remark="", by=asked.reviewer, now=now)
    services.accept(review=asked, by=asked.reviewer, now=now)
    made = services.save_review(review=asked, scores={"impact": 2}, comment="x", remark="y", by=asked.reviewer, now=now)
    assert (made.scores, made.comment, made.remark, made.draft_version) == ({"impact": 2}, "x", "y", 1)


def test_two_windows_lose_nothing(asked, now):
    services.accept(review=asked, by=asked.reviewer, now=now)
    kept = {"scores": {}, "remark": "", "by": asked.reviewer, "now": now, "version": 0}
    services.save_review(review=asked, comment="first", **kept)
    with pytest.raises(SavedMeanwhile):
        services.save_review(review=asked, comment="second", **kept)
    assert Review.objects.get().comment == "first"


@pytest.mark.parametrize(
    ("scores", "told"),
    [({"beauty": 3}, "no such criterion"), ({"impact": 6}, "from 0 to 5"), ({"impact": -1}, "from 0 to 5"),
     ({"impact": True}, "from 0 to 5"), ({"impact": 2.5}, "from 0 to 5")],
)  # fmt: skip
def test_a_score_is_a_whole_number_on_its_scale(asked, now, scores, told):
    services.accept(review=asked, by=asked.reviewer, now=now)
    with pytest.raises(Refused, match=told):
        services.save_review(review=asked, scores=scores, comment="", remark="", by=asked.reviewer, now=now)


def test_an_incomplete_review_is_not_handed_in(asked, now):
    services.accept(review=asked, by=asked.reviewer, now=now)
    services.save_review(review=asked, scores={"impact": 1}, comment="", remark="", by=asked.reviewer, now=now)
    with pytest.raises(Refused, match="Excellence, Quality and efficiency, comment"):
        services.submit_review(review=asked, by=asked.reviewer, now=now)


def test_nobody_writes_in_anothers_review(cast, asked, now):
    for write in (services.accept, services.decline, services.declare_conflict, services.submit_review):
        with pytest.raises(NotAllowed, match="not yours"):
            write(review=asked, by=cast.officer, now=now)


def test_what_was_handed_in_stays_and_the_officer_learns_that_all_are_in(cast, asked, now):
    handed_in(asked, now)
    with pytest.raises(Refused, match="cannot be changed now"):
        services.save_review(review=asked, scores=SCORES, comment="Else.", remark="", by=asked.reviewer, now=now)
    assert Notice.objects.get(kind="reviews_in").person == cast.officer


def test_the_evaluation_is_not_closed_before_its_reviews_are_in(cast, asked, now):
    with pytest.raises(Refused, match="0 of 1 reviews are handed in"):
        services.close_evaluation(evaluation=asked.evaluation, by=cast.officer, now=now)
    handed_in(asked, now)
    services.close_evaluation(evaluation=asked.evaluation, by=cast.officer, now=now)
    assert Application.objects.get(pk=asked.evaluation.application_id).state == State.EVALUATED


def test_the_applicant_reads_the_reviews_without_names_and_remarks_and_answers_once(cast, wide, now):
    anna = expert(cast, "anna", now)
    panel = panel_member(now)
    evaluation = opened(cast, large(cast, wide, now), now, reviews=1)
    asked = services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)[0]
    handed_in(asked, now, remark="I doubt the team.")
    application = evaluation.application
    assert queries.reviews_for(cast.applicant, application) == []
    evaluation = services.close_evaluation(evaluation=evaluation, by=cast.officer, now=now)
    application.refresh_from_db()
    (shown,) = queries.reviews_for(cast.mate, application)
    assert (shown.comment, shown.remark, shown.reviewer.name, shown.why) == ("Sound.", "", "", {})
    (whole,) = queries.reviews_for(panel, application)
    assert (whole.remark, whole.reviewer) == ("I doubt the team.", anna)
    assert queries.reviews_for(cast.outsider, application) == queries.reviews_for(cast.assessor, application) == []
    services.reply(evaluation=evaluation, text=" We have two more people. ", by=cast.applicant, now=now)
    assert queries.reply_of(evaluation).text == "We have two more people."
    with pytest.raises(Refused, match="answered already"):
        services.reply(evaluation=evaluation, text="More.", by=cast.mate, now=now)
    with pytest.raises(NotAllowed):
        services.reply(evaluation=evaluation, text="More.", by=cast.outsider, now=now)


def test_an_answer_after_its_clock_is_too_late(cast, wide, now):
    evaluation = reviewed(cast, large(cast, wide, now), [expert(cast, "anna", now)], now)
    assert evaluation.reply_until - now < timedelta(days=3)
    with pytest.raises(Refused, match="cannot be answered any more"):
        services.reply(
            evaluation=evaluation, text="Late.", by=cast.applicant, now=evaluation.reply_until + timedelta(seconds=1)
        )


def test_an_expert_who_is_an_officer_too_neither_decides_nor_reads_the_others_reviews(cast, wide, now):
    anna, bert = expert(cast, "anna", now), expert(cast, "bert", now)
    people.grant_role(person=anna, role=Role.OFFICER, by=cast.operator, now=now)
    anna = Person.objects.get(pk=anna.pk)
    evaluation = opened(cast, large(cast, wide, now), now)
    asked = services.assign(evaluation=evaluation, experts=[anna.uid, bert.uid], by=cast.officer, now=now)
    handed_in(next(one for one in asked if one.reviewer == bert), now)
    assert queries.reviews_for(anna, evaluation.application) == []
    with pytest.raises(NotAllowed, match="runs its evaluation"):
        services.assign(evaluation=evaluation, experts=[anna.uid], by=anna, now=now)


def test_the_database_keeps_no_review_that_was_handed_in_undeclared(asked, now):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=asked.pk).update(stage=Stage.SUBMITTED, submitted_at=now)


def test_the_audit_names_persons_by_their_number_and_says_no_words(cast, wide, now):
    evaluation = reviewed(cast, large(cast, wide, now), [expert(cast, "anna", now)], now)
    entries = Entry.objects.filter(subject=evaluation.application.subject)
    told = str(list(entries.values_list("facts", flat=True)))
    assert "Sound." not in told and "Anna" not in told
    assert {"evaluation.open", "review.ask", "review.accept", "review.submit", "application.evaluate"} <= set(
        entries.values_list("verb", flat=True)
    )


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


def test_who_went_over_to_the_applicant_hands_nothing_in(cast, wide, now):
    ines = expert(cast, "ines", now)
    evaluation = opened(cast, large(cast, wide, now), now, reviews=1)
    (asked,) = services.assign(evaluation=evaluation, experts=[ines.uid], by=cast.officer, now=now)
    services.accept(review=asked, by=ines, now=now)
    Member.objects.create(organisation=cast.startup, person=ines, role="member", joined_at=now)
    services.save_review(review=asked, scores=SCORES, comment="Fine.", remark="", by=ines, now=now)
    with pytest.raises(NotAllowed, match="conflict of interest"):
        services.submit_review(review=asked, by=ines, now=now)


def test_who_was_asked_before_it_was_withdrawn_reads_it_no_more_and_is_free_for_others(cast, wide, now):
    ines = expert(cast, "ines", now, most_reviews=1)
    application = large(cast, wide, now)
    evaluation = opened(cast, application, now, reviews=1)
    (asked,) = services.assign(evaluation=evaluation, experts=[ines.uid], by=cast.officer, now=now)
    assert queries.to_write(ines).count() == 1
    applications.withdraw(application=application, by=cast.applicant, now=now)
    asked.refresh_from_db()
    with pytest.raises(Refused, match="no longer with the experts"):
        services.accept(review=queries.review_of(ines, asked.pk), by=ines, now=now)
    assert queries.to_write(ines).count() == 0
    other = opened(cast, large(cast, wide, now), now, reviews=1)
    assert [one.is_full for one in queries.pairings_of(other)] == [False]
