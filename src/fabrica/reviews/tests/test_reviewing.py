"""Reviews, from the files an expert reads to the answer of the applicant."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils.translation import override
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
from fabrica.reviews.models import Conflict, Evaluation, Expert, Review
from fabrica.reviews.services.experts import Profile
from fabrica.reviews.states import Stage
from fabrica.reviews.tests.factories import (
    SCORES, assessed, expert, handed_in, large, large_call, opened, panel_member, reviewed,
)  # fmt: skip
from fabrica.reviews.tests.test_evaluating import wide  # noqa: F401 - a fixture


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
    french = [one.label["fr"] for one in asked.evaluation.criteria.each if one.id != "impact"]
    with override("fr"), pytest.raises(Refused, match=f"{', '.join(french)}, commentaire"):
        services.submit_review(review=asked, by=asked.reviewer, now=now)


def test_a_list_of_many_reviews_comes_in_pages(asked, cast, wide, now, client):
    others = [asked.evaluation]
    for at in range(26):
        row = Application.objects.get(pk=asked.evaluation.application_id)
        row.pk, row.code = None, f"AIF-{at}"
        row.save()
        one = Evaluation.objects.get(pk=asked.evaluation_id)
        one.pk, one.application = None, row
        one.save()
        others.append(one)
    facts = {"reviewer": asked.reviewer, "asked_at": now, "due_at": now, "declared_at": now, "submitted_at": now}
    Review.objects.bulk_create([Review(evaluation=one, stage="submitted", **facts) for one in others[1:]])
    client.force_login(asked.reviewer)
    page = client.get("/reviewing/")
    assert (len(page.context["open"].rows), len(page.context["done"].rows)) == (1, 25)
    more = client.get(f"/reviewing/?cursor={page.context['done'].next_cursor}").context["done"]
    assert (len(more.rows), more.next_cursor) == (1, "")


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
