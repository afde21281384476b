"""An interest that is declared or found while one writes a review, and one that is declared anew while it is lifted."""

from datetime import timedelta

import pytest
from fabrica.applications.tests.factories import screened
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.states import Role
from fabrica.reviews import services
from fabrica.reviews.states import Stage
from fabrica.reviews.tests.factories import SCORES, expert, large, opened, panel_member
from fabrica.reviews.tests.test_evaluating import wide  # noqa: F401 - a fixture
from fabrica.reviews.tests.test_interests import WHY, linked

pytestmark = pytest.mark.django_db
ANSWER = "To help small firms understand old programs."


def test_to_declare_an_interest_ends_the_reviews_one_writes(cast, wide, now, client):  # noqa: F811
    anna = expert(cast, "anna", now)
    anna.role_grants.create(role=Role.ASSESSOR, granted_at=now)
    evaluation = opened(cast, large(cast, wide, now), now, reviews=1)
    (asked,) = services.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)
    services.accept(review=asked, by=anna, now=now)
    client.force_login(anna)
    client.post(f"/applications/{evaluation.application.code}/interest/", {"reason": WHY})
    asked.refresh_from_db()
    assert (asked.stage, asked.comment) == (Stage.CONFLICTED, "")
    assert Notice.objects.filter(kind="review_declined", person=cast.officer).exists()
    assert "This review is not yours to write any more." in client.get(f"/reviewing/{asked.pk}/").content.decode()


def test_a_sure_tie_found_after_the_asking_bars_the_expert(cast, wide, now, client):  # noqa: F811
    ines = expert(cast, "ines", now)
    evaluation = opened(cast, large(cast, wide, now), now, reviews=1)
    (asked,) = services.assign(evaluation=evaluation, experts=[ines.uid], by=cast.officer, now=now)
    services.accept(review=asked, by=ines, now=now)
    client.force_login(ines)
    first = f"/reviewing/{asked.pk}/"
    assert [word in client.get(first).content.decode() for word in ("Your review", ANSWER)] == [True, True]
    linked(cast, now, ines)
    shown = client.get(f"/reviewing/{asked.pk}/").content.decode()
    words = ("Your review", ANSWER, "I found a conflict of interest")
    assert [word in shown for word in words] == [False, False, True]
    services.save_review(review=asked, scores=SCORES, comment="Fine.", remark="", by=ines, now=now)
    with pytest.raises(NotAllowed, match="conflict of interest"):
        services.submit_review(review=asked, by=ines, now=now)


def test_nobody_lifts_an_interest_that_they_did_not_read(cast, call, now, client):  # noqa: F811
    application, paula = screened(cast, call, now), panel_member(now)
    made = services.declare_interest(application=application, reason="I once spoke there.", by=paula, now=now)
    read = {"interest": made.pk, "reason": "No more.", "declared_at": made.declared_at.isoformat()}
    services.interests.keep_interest(
        organisation=cast.startup, reason="My wife leads it.", by=paula, now=now + timedelta(hours=1)
    )
    with pytest.raises(Refused, match="declared anew"):
        services.lift_interest(conflict=made, reason="No more.", by=cast.officer, now=now)
    client.force_login(cast.officer)
    shown = client.post("/interests/", read, follow=True).content.decode()
    assert "This interest was declared anew meanwhile." in shown
    made.refresh_from_db()
    assert (made.lifted_at, made.reason) == (None, "My wife leads it.")
