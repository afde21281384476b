"""Who sees which application."""

from datetime import timedelta

import pytest
from django.db import connection
from fabrica.applications import queries, services
from fabrica.applications.models import Application
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


def plan(rows):
    """How the database would find the keys of a page."""
    return rows.values_list("pk", flat=True)[:26].explain()


@pytest.fixture
def many(cast, call, now):
    """So many applications that reading them all would be dear, one in twenty of each state asked for; and counted.

    A database that has few rows, or does not know how many, finds them by whatever index it likes.
    """
    one = screened(cast, call, now)
    told = {field.attname: getattr(one, field.attname) for field in Application._meta.concrete_fields}
    del told["id"]
    states = ["awarded", "screened", *["ended"] * 18]
    Application.objects.bulk_create(
        Application(**{**told, "code": f"M-{n}", "state": states[n % 20], "step_due_at": now + timedelta(minutes=n)})
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Application._meta.db_table}")


def test_applications_of_one_state_are_found_in_an_index_that_needs_no_sorting(many, cast):
    told = plan(queries.visible_to(cast.officer).filter(state="awarded"))
    assert ("applications_listed" in told, "TEMP B-TREE" in told, "Sort" in told) == (True, False, False)


def test_the_queue_is_found_in_an_index(many, cast):
    told = plan(queries.visible_to(cast.officer).filter(state="screened").order_by("step_due_at", "pk"))
    assert ("applications_by_step" in told, "TEMP B-TREE" in told) == (True, False)


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL decides by what is visible to all, which no test has"
)
def test_how_long_access_took_is_read_from_an_index_alone(cast, call, now):
    rows = Application.objects.filter(state="awarded", decided_at__gt=now).values_list("call", "days_taken")
    assert "COVERING INDEX applications_taken" in rows.explain()
