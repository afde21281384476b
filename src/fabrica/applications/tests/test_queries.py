"""Who sees which application."""

import pytest
from fabrica.applications import queries, services
from fabrica.applications.tests.factories import draft, screened, submitted
from fabrica.kit.errors import NotFound


def test_a_draft_is_seen_by_its_organisation_only(cast, call, now):
    made = draft(cast, call, now)
    seen = {who: made in queries.visible_to(getattr(cast, who)) for who in ("applicant", "mate", "officer", "outsider")}
    assert seen == {"applicant": True, "mate": True, "officer": False, "outsider": False}


def test_a_submitted_one_is_seen_by_the_staff_too(cast, call, now):
    made = submitted(cast, call, now)
    seen = {who for who in ("applicant", "mate", "officer", "assessor", "operator", "provider", "outsider")
            if made in queries.visible_to(getattr(cast, who))}  # fmt: skip
    assert seen == {"applicant", "mate", "officer", "assessor"}


def test_anothers_application_is_not_found(cast, call, now):
    made = draft(cast, call, now)
    with pytest.raises(NotFound):
        queries.application_of(cast.outsider, made.code)


def test_the_queue_begins_with_the_most_urgent(cast, call, now):
    late, soon = submitted(cast, call, now), submitted(cast, call, now)
    late.step_due_at = soon.step_due_at.replace(day=30)
    late.save()
    assert list(queries.queue(cast.officer)) == [soon, late]


def test_what_waits_for_the_applicant(cast, call, now):
    waiting = draft(cast, call, now)
    back = submitted(cast, call, now)
    services.send_back(application=back, reason="Which licence?", by=cast.officer, now=now)
    submitted(cast, call, now)
    assert set(queries.drafts_of(cast.applicant)) == {waiting, back}
    assert list(queries.drafts_of(cast.outsider)) == []


def test_the_applicant_is_not_told_who_assessed(cast, call, now):
    made = screened(cast, call, now)
    services.mark_assessed(application=made, by=cast.assessor, now=now)
    told = {who: queries.timeline_of(made, getattr(cast, who))[-1].who for who in ("applicant", "mate", "officer")}
    assert told == {"applicant": "", "mate": "", "officer": "Tomas"}
