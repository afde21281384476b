from datetime import date, timedelta

import pytest
from django.test import Client
from fabrica.audit.queries import about
from fabrica.calls import engine, queries, services
from fabrica.calls.states import State
from fabrica.kit.errors import NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db


def open_call(cast, machine, now, **changes):
    wish = {"slug": "fast", "title": "Fast", "mode": "fast-lane", "by": cast.operator, **changes}
    return services.open_call(machine=machine, now=now, **wish)


def test_a_call_keeps_the_mode_it_was_opened_under(cast, machine, now, monkeypatch):
    call = open_call(cast, machine, now)
    monkeypatch.setitem(engine.rows()["fast-lane"], "gpu_hours_max", 1)
    call.refresh_from_db()
    assert (call.mode.gpu_hours_max, call.mode.code, call.state) == (50_000, "FL", State.OPEN)
    assert [(one.verb, one.facts) for one in about("call:fast")] == [
        ("call.open", {"mode": "fast-lane", "version": engine.rows()["fast-lane"]["version"]})
    ]


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "outsider"])
def test_only_operators_open_and_close(cast, machine, call, now, who):
    with pytest.raises(NotAllowed):
        open_call(cast, machine, now, by=getattr(cast, who))
    with pytest.raises(NotAllowed):
        services.set_state(call=call, state=State.CLOSED, by=getattr(cast, who), now=now)


def test_what_cannot_be_opened_is_refused(cast, machine, call, now):
    with pytest.raises(NotFound, match="no access mode turbo. Use one of: playground, fast-lane"):
        open_call(cast, machine, now, mode="turbo")
    with pytest.raises(Refused, match="There is a call playground already"):
        open_call(cast, machine, now, slug="playground")
    with pytest.raises(Refused, match="closes after it opens"):
        open_call(cast, machine, now, closes_at=now)


def test_a_call_is_open_from_its_opening_to_just_before_its_end(cast, machine, now):
    end, tick = now + timedelta(days=1), timedelta(microseconds=1)
    call = open_call(cast, machine, now, closes_at=end)
    assert [call.is_open(at) for at in (now - tick, now, end - tick, end)] == [False, True, True, False]


@pytest.mark.parametrize(("state", "is_open"), [(State.OPEN, True), (State.PAUSED, False), (State.CLOSED, False)])
def test_only_an_open_call_takes_applications(cast, call, now, state, is_open):
    services.set_state(call=call, state=state, by=cast.operator, now=now, reason="Maintenance.")
    call.refresh_from_db()
    assert call.is_open(now) is is_open


def test_a_pause_needs_a_reason(cast, call, now):
    with pytest.raises(Refused, match="A pause needs a reason"):
        services.set_state(call=call, state=State.PAUSED, by=cast.operator, now=now, reason="  ")


def test_a_closed_call_is_found_but_not_listed(cast, call, now):
    services.set_state(call=call, state=State.CLOSED, by=cast.operator, now=now)
    assert list(queries.listed()) == []
    assert queries.call_by_slug(call.slug) == call
    with pytest.raises(NotFound):
        queries.call_by_slug("nothing")


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 11, 23), 2, date(2026, 11, 25)),
        (date(2026, 11, 27), 2, date(2026, 12, 1)),
        (date(2026, 12, 24), 2, date(2026, 12, 29)),  # Christmas
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # New Year's Day, in the next year
        (date(2027, 7, 13), 1, date(2027, 7, 15)),  # the fourteenth of July
    ],
)
def test_the_clock_skips_weekends_and_the_holidays_of_the_country(start, days, due):
    assert engine.due_on(start, days, "FR") == due


@pytest.mark.parametrize(
    "change", [{"gpu_hours_max": 0}, {"months": []}, {"access_working_days": 0}, {"gpu_hours_min": -1}, {"source": ""}]
)
def test_a_mode_that_makes_no_sense_is_refused_on_load(change):
    with pytest.raises(ValueError):
        engine.mode_from({**engine.rows()["playground"], **change})


def test_a_mode_without_a_fact_is_refused_on_load():
    row = {key: value for key, value in engine.rows()["playground"].items() if key != "months"}
    with pytest.raises(ValueError, match="without 'months'"):
        engine.mode_from(row)


def test_the_pages_are_public_and_tell_the_source(cast, call):
    assert [one.slug for one, *_ in Client().get("/calls/").context["calls"]] == ["playground"]
    page = Client().get("/calls/playground/").content.decode()
    assert "up to 5,000 GPU-hours" in page
    assert "Source of these figures: EuroHPC Joint Undertaking" in page
    assert 'href="/calls/playground/apply/"' in page
    assert Client().get("/calls/nothing/").status_code == 404


def test_a_paused_call_says_why_and_offers_no_way_in(cast, call, now):
    services.set_state(call=call, state=State.PAUSED, by=cast.operator, now=now, reason="Maintenance <today>.")
    page = Client().get("/calls/playground/").content.decode()
    assert "Maintenance &lt;today&gt;." in page
    assert "/apply/" not in page


def test_no_call_is_said_in_words(db):
    assert "No call is open" in Client().get("/calls/").content.decode()
