"""Clocks in the database: counted from the moves at each, again when the calendar changes, and told of once."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import F
from fabrica.applications import queries, services, tasks
from fabrica.applications.models import Application
from fabrica.applications.states import Standing
from fabrica.applications.tests.factories import draft, screened, submitted
from fabrica.clusters import services as clusters
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.facts import load
from fabrica.notices.models import Notice
from fabrica.people.models import Member
from fabrica.people.states import MemberRole

DAY = timedelta(days=1)
RINGS = ("application_due_soon", "application_late")


def told():
    rows = Notice.objects.filter(kind__in=RINGS).order_by("pk")
    return [(one.person.name, one.kind.removeprefix("application_")) for one in rows]


def run(loop, now):
    """Turn a loop until it finds nothing; how often it found something."""
    return next(n for n in range(50) if not loop(now))


def test_the_columns_say_what_the_moves_say(cast, call, now):
    made = screened(cast, call, now)
    step = queries.clock_of(made).step
    assert (made.step_due_at, made.clock_rings_at, made.clock_calendar) == (step.due_at, step.warn_at, 1)
    assert made.step_due_at == datetime(2026, 11, 24, 22, 59, 59, 999999, tzinfo=UTC)
    services.send_back(application=made, reason="Why?", by=cast.officer, now=now + DAY)
    assert (made.step_due_at, made.clock_rings_at) == (queries.clock_of(made).step.due_at, None)
    services.withdraw(application=made, by=cast.applicant, now=now + DAY)
    assert (made.step_due_at, made.clock_rings_at, made.days_taken) == (None, None, None)


def test_time_with_the_applicant_moves_the_promise_and_not_the_beginning(cast, call, now):
    made = submitted(cast, call, now)
    assert made.due_on == date(2026, 11, 25)
    services.send_back(application=made, reason="Why?", by=cast.officer, now=now + DAY)
    services.submit(application=made, by=cast.applicant, now=now + 3 * DAY)
    assert (made.due_on, queries.clock_of(made).begins_at) == (date(2026, 11, 27), now)


def test_officers_are_told_when_it_is_due_soon_and_when_it_is_late_each_once(cast, call, now):
    submitted(cast, call, now)
    moments = [now, now + DAY, now + DAY + timedelta(hours=10), now + 2 * DAY, now + 3 * DAY]
    assert [run(tasks.ring, moment) for moment in moments] == [0, 0, 1, 1, 0]
    assert told() == [("Olga", "due_soon"), ("Olga", "late")]
    assert [one.subject for one in Notice.objects.filter(kind__in=RINGS)] == [
        "AIF-2026PG-0001 is due on 24 November 2026", "AIF-2026PG-0001 is late",
    ]  # fmt: skip


def test_assessors_are_told_of_their_own_step_too(cast, call, now):
    screened(cast, call, now)
    run(tasks.ring, now + 7 * DAY)
    assert told() == [("Olga", "late"), ("Tomas", "late")]


def test_after_a_long_silence_of_the_worker_only_that_it_is_late_is_told(cast, call, now):
    submitted(cast, call, now)
    assert (run(tasks.ring, now + 9 * DAY), told()) == (1, [("Olga", "late")])


def test_nothing_is_told_while_it_waits_for_the_applicant_nor_twice_in_a_step_that_goes_on(cast, call, now):
    made = submitted(cast, call, now)
    soon = now + DAY + timedelta(hours=11)
    run(tasks.ring, soon)
    services.send_back(application=made, reason="Why?", by=cast.officer, now=soon)
    assert run(tasks.ring, now + 30 * DAY) == 0
    services.submit(application=made, by=cast.applicant, now=now + 30 * DAY)
    run(tasks.ring, now + 30 * DAY + timedelta(hours=13))
    assert told() == [("Olga", "due_soon")]
    run(tasks.ring, now + 32 * DAY)
    assert told() == [("Olga", "due_soon"), ("Olga", "late")]


def test_the_next_step_is_told_of_again(cast, call, now):
    made = submitted(cast, call, now)
    run(tasks.ring, now + 3 * DAY)
    services.screen(application=made, by=cast.officer, now=now + 3 * DAY)
    run(tasks.ring, now + 4 * DAY)
    assert told() == [("Olga", "late"), ("Olga", "late"), ("Tomas", "late")]


def test_two_workers_tell_once(cast, call, now):
    submitted(cast, call, now)
    late = now + 5 * DAY
    seen = [queries.ringing(late), queries.ringing(late)]
    assert [services.ring(application=one, now=late) for one in seen] == [True, False]
    assert told() == [("Olga", "late")]


def test_who_works_for_the_organisation_is_told_nothing(cast, call, now):
    Member.objects.create(organisation=cast.startup, person=cast.officer, role=MemberRole.MEMBER, joined_at=now)
    submitted(cast, call, now)
    assert (run(tasks.ring, now + 5 * DAY), told()) == (1, [])


def test_a_changed_calendar_moves_what_waits_and_nothing_that_was_decided(cast, call, machine, now):
    waits, gone = submitted(cast, call, now), submitted(cast, call, now)
    services.refuse(application=gone, reason="No.", by=cast.officer, now=now)
    closed = {"first": date(2026, 11, 24), "last": date(2026, 11, 25), "name": "Move"}
    clusters.close_days(site=machine.site, **closed, by=cast.operator, now=now)
    assert [run(tasks.recount, now) for _ in range(2)] == [1, 0]
    for one in (waits, gone):
        one.refresh_from_db()
    assert (waits.due_on, waits.step_due_at.day, gone.due_on) == (date(2026, 11, 27), 26, date(2026, 11, 25))
    assert queries.clock_of(waits).step.standing(now + 2 * DAY) is Standing.RUNNING


def test_other_clocks_of_the_site_move_what_waits_and_nothing_that_was_decided(cast, call, now, settings, tmp_path):
    waits, gone = submitted(cast, call, now), submitted(cast, call, now)
    services.refuse(application=gone, reason="No.", by=cast.officer, now=now)
    before = Application.objects.values().get(pk=gone.pk)
    data = load("fabrica.applications", "clocks.json")
    own = tmp_path / "clocks.json"
    own.write_text(json.dumps({**data, "steps": {**data["steps"], "submitted": {"working_days": 2}}}))
    settings.FABRICA_CLOCKS = str(own)
    assert [run(tasks.recount, now) for _ in range(2)] == [1, 0]
    due_at = waits.step_due_at
    waits.refresh_from_db()
    assert (waits.step_due_at, waits.step_due_at > due_at) == (queries.clock_of(waits).step.due_at, True)
    assert Application.objects.values().get(pk=gone.pk) == before


def test_a_step_that_a_closing_day_rescued_is_not_told_of(cast, call, machine, now):
    submitted(cast, call, now)
    closed = {"first": date(2026, 11, 24), "last": date(2026, 11, 25), "name": "Move"}
    clusters.close_days(site=machine.site, **closed, by=cast.operator, now=now)
    assert run(tasks.ring, now + 2 * DAY) == 1  # before it was counted anew: it only looks, and rings later
    assert told() == []
    run(tasks.ring, now + 9 * DAY)
    assert told() == [("Olga", "late")]


def test_rows_of_an_older_version_are_counted_by_the_worker(cast, call, now):
    made = submitted(cast, call, now)
    expected = Application.objects.filter(pk=made.pk).values().get()
    Application.objects.update(clock_calendar=0, step_due_at=None, clock_rings_at=None, due_on=None)
    assert run(tasks.recount, now) == 1
    assert Application.objects.filter(pk=made.pk).values().get() == expected


def test_clocks_of_many_cost_four_statements(cast, call, now, django_assert_num_queries):
    made = [screened(cast, call, now) for _ in range(3)]
    draft(cast, call, now)
    rows = list(queries.visible_to(cast.applicant))
    with django_assert_num_queries(4):
        found = queries.clocks_of(rows)
    assert set(found) == {one.pk for one in made}


def test_looking_for_work_costs_the_worker_little(cast, call, now, django_assert_num_queries):
    submitted(cast, call, now)
    with django_assert_num_queries(4):
        assert (tasks.recount(now), tasks.ring(now)) == (False, False)


def test_late_is_what_is_past_the_end_of_its_step_and_waits_for_the_factory(cast, call, now):
    late, back = submitted(cast, call, now), submitted(cast, call, now)
    services.send_back(application=back, reason="Why?", by=cast.officer, now=now)
    submitted(cast, call, now + 4 * DAY)
    found = Application.objects.filter(queries.is_late(now + 4 * DAY))
    assert list(found) == [late]


@pytest.mark.parametrize("who", ["applicant", "mate"])
def test_the_queue_comes_by_the_end_of_the_step_that_runs(cast, call, now, who):
    first, second = submitted(cast, call, now + DAY), submitted(cast, call, now)
    assert list(queries.queue(getattr(cast, who))) == [second, first]
    Application.objects.filter(pk=second.pk).update(step_due_at=F("step_due_at") + 9 * DAY)
    assert list(queries.queue(getattr(cast, who))) == [first, second]


def test_an_answer_is_reminded_of_once_and_late_for_the_officers_until_there_is_more_time(cast, call, now):
    days = {"id": "answer_working_days", "value": 5, "source": "Us", "checked_on": "2026-11-27", "confidence": "A"}
    call.mode_row = {**call.mode_row, "facts": [*call.mode_row["facts"], days]}
    call.save()
    made = screened(cast, call, now)
    services.mark_assessed(application=made, by=cast.assessor, now=now)
    services.mark_offered(application=made, by=cast.officer, now=now)
    moments = [now, now + 4 * DAY, now + 4.6 * DAY, now + 7 * DAY, now + 8 * DAY]
    assert [run(tasks.ring, moment) for moment in moments] == [0, 0, 1, 0, 1]
    assert (Notice.objects.filter(kind="application_answer_soon").get().person, told()) == (
        cast.applicant, [("Olga", "late")],
    )  # fmt: skip
    late = queries.visible_to(cast.officer).filter(queries.is_late(now + 8 * DAY))
    assert [one.pk for one in late] == [made.pk]
    more = {"application": made, "reason": "Illness.", "by": cast.officer}
    services.extend_answer(**more, working_days=3, now=now + 8 * DAY)
    assert (made.answer_days, made.step_due_at.date(), late.all().exists()) == (3, date(2026, 12, 4), False)
    with pytest.raises(Refused, match="not more time"):
        services.extend_answer(**more, working_days=3, now=now + 8 * DAY)
    with pytest.raises(NotAllowed):
        services.extend_answer(**{**more, "by": cast.applicant}, working_days=9, now=now + 8 * DAY)
