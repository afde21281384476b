"""Clocks from moves: which step runs, what pauses take, who is late. Paris, the week of Monday 23 November 2026."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fabrica.applications.engine.clocks import Lengths, Move, clock, lengths, lengths_from
from fabrica.applications.states import HOLDERS, WITH_THE_FACTORY, Standing, State
from fabrica.kit.calendar import Calendar
from fabrica.kit.facts import load
from hypothesis import given
from hypothesis import strategies as st

PARIS = Calendar("FR", ZoneInfo("Europe/Paris"))
DATA = load("fabrica.applications", "clocks.json")


def at(text):
    day, _, hour = text.partition(" ")
    return datetime(2026, 11, int(day), *map(int, hour.split(":")), tzinfo=PARIS.zone).astimezone(UTC)


def told(moves, promised=4, mode="fast-lane", by=None, calendar=PARIS):
    """The clock of moves written as `23 10:00 submitted`."""
    read = [line.rsplit(" ", 1) for line in moves]
    steps = [Move(key, State(after), at(when)) for key, (when, after) in enumerate(read, start=1)]
    return clock(steps, calendar, mode=mode, promised=promised, by=by or lengths())


def local(moment):
    return moment.astimezone(PARIS.zone).strftime("%d %H:%M")


def step(moves, **more):
    found = told(moves, **more).step
    return found.key, found.state.value, local(found.warn_at), local(found.due_at)


SUBMITTED = ["23 10:00 submitted"]
SCREENED = [*SUBMITTED, "24 09:00 screened"]
ASSESSED = [*SCREENED, "25 15:00 assessed"]


def test_each_state_that_waits_for_the_factory_has_a_length_and_a_holder():
    assert set(lengths().steps) == {one.value for one in WITH_THE_FACTORY}
    assert set(HOLDERS) == set(WITH_THE_FACTORY)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        (SUBMITTED, (1, "submitted", "24 19:11", "24 23:59")),
        (SCREENED, (2, "screened", "26 14:23", "26 23:59")),
        (ASSESSED, (3, "assessed", "26 19:11", "26 23:59")),
    ],
)
def test_each_step_has_its_own_clock(moves, expected):
    assert step(moves) == expected


def test_a_draft_has_no_clock_nor_has_one_that_was_withdrawn_as_a_draft():
    assert [told([]), told(["23 10:00 withdrawn"])] == [None, None]


def test_the_promise_counts_from_the_first_submission():
    found = told(ASSESSED)
    assert (found.due_on.isoformat(), local(found.due_at), found.taken) == ("2026-11-27", "27 23:59", None)


def test_no_step_lasts_longer_than_the_promise():
    moves = [*SUBMITTED, "26 10:00 screened"]
    assert step(moves) == (2, "screened", "27 19:11", "27 23:59")  # two days of its own, one of the promise
    assert step([*SUBMITTED, "27 10:00 screened"]) == (
        2,
        "screened",
        "27 10:00",
        "27 23:59",
    )  # none left: warned at once
    assert step([*SUBMITTED, "30 10:00 screened"]) == (2, "screened", "27 23:59", "27 23:59")  # late already


def test_waiting_for_the_applicant_stops_every_clock():
    found = told([*SUBMITTED, "24 06:00 returned"])
    assert (found.step.key, found.step.state, local(found.step.paused_at)) == (1, State.SUBMITTED, "24 06:00")
    assert found.step.standing(at("30 12:00")) is Standing.PAUSED
    assert found.late_days(at("30 12:00"), PARIS) == 0
    assert (local(found.step.due_at), local(found.due_at)) == ("24 23:59", "27 23:59")  # as if answered at once


def test_a_screening_that_is_taken_up_again_goes_on_where_it_stopped():
    moves = [*SUBMITTED, "24 06:00 returned", "26 18:00 submitted"]
    assert step(moves) == (1, "submitted", "27 07:11", "27 23:59")  # 6 hours used, 2.5 days paused
    found = told(moves)
    assert (local(found.due_at), found.paused) == ("02 23:59", timedelta(days=2, hours=12))


def test_sent_back_by_an_officer_after_the_screening_it_is_screened_anew():
    moves = [*SCREENED, "24 12:00 returned", "25 12:00 submitted"]
    assert step(moves) == (4, "submitted", "26 19:11", "26 23:59")
    assert told(moves).begins_at == at("23 10:00")


@pytest.mark.parametrize(
    ("now", "standing", "late"),
    [
        ("24 19:11", Standing.RUNNING, 0),
        ("24 19:12", Standing.SOON, 0),
        ("24 23:59", Standing.SOON, 0),
        ("25 00:00", Standing.LATE, 1),
        ("26 00:30", Standing.LATE, 2),
        ("28 12:00", Standing.LATE, 3),
        ("29 12:00", Standing.LATE, 3),
    ],
)
def test_a_step_is_in_time_then_due_soon_then_late(now, standing, late):
    found = told(SUBMITTED)
    assert (found.step.standing(at(now)), found.late_days(at(now), PARIS)) == (standing, late)


@pytest.mark.parametrize(
    ("moves", "taken"),
    [
        (["23 10:00 submitted", "23 16:00 awarded"], 0),
        (["23 10:00 submitted", "24 00:01 awarded"], 1),
        (["20 10:00 submitted", "22 16:00 awarded"], 0),  # a Friday and a Sunday
        (["20 10:00 submitted", "24 16:00 refused"], 2),
        (["23 10:00 submitted", "24 12:00 returned", "26 12:00 submitted", "26 18:00 awarded"], 1),
        (["23 10:00 submitted", "24 12:00 returned", "27 18:00 withdrawn"], 1),
    ],
)
def test_what_it_took_in_the_end_counts_begun_working_days_without_pauses(moves, taken):
    found = told(moves)
    assert (found.step, found.taken) == (None, taken)


def test_days_of_its_own_and_what_a_mode_says_go_before_the_share():
    data = {**DATA, "modes": {"large-scale": {"screened": {"working_days": 5}}}}
    own = lengths_from(data)
    assert [own.days(mode, State.SCREENED, 10) for mode in ("large-scale", "fast-lane")] == [5, 5]
    assert [own.days(mode, State.SCREENED, 4) for mode in ("large-scale", "fast-lane")] == [5, 2]
    assert [own.days("fast-lane", one, 2) for one in WITH_THE_FACTORY] == [1, 1, 1, 1, 1, 10]


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": {"submitted": {"share_percent": 25}}},
        {"steps": {**DATA["steps"], "submitted": {"share_percent": 0}}},
        {"steps": {**DATA["steps"], "submitted": {"share_percent": 25, "working_days": 1}}},
        {"steps": {**DATA["steps"], "submitted": {}}},
        {"modes": {"x": {"submitted": {"working_days": 0}}}},
        {"modes": {"x": {"draft": {"working_days": 1}}}},
        {"modes": {"x": {"submitted": {"share_percent": 12.5}}}},
        {"warn_percent": 100},
        {"reply_working_days": 2.5},
        {"confidence": "sure"},
    ],
)
def test_lengths_that_make_no_sense_are_refused(changes):
    with pytest.raises(ValueError, match=r"\w"):
        lengths_from({**DATA, **changes})


@given(st.lists(st.tuples(st.integers(1, 5_000), st.integers(1, 5_000)), max_size=5), st.integers(1, 20))
def test_however_often_it_is_sent_back_the_applicants_time_is_never_the_factorys(spans, promised):
    moment, moves = at("23 10:00"), []
    plain = clock([Move(1, State.SUBMITTED, moment)], PARIS, mode="x", promised=promised, by=lengths())
    for with_us, with_them in spans:
        moves.append(Move(len(moves) + 1, State.SUBMITTED, moment))
        moment += timedelta(minutes=with_us)
        moves.append(Move(len(moves) + 1, State.RETURNED, moment))
        moment += timedelta(minutes=with_them)
    moves.append(Move(len(moves) + 1, State.SUBMITTED, moment))
    found = clock(moves, PARIS, mode="x", promised=promised, by=lengths())
    assert found.due_at >= plain.due_at
    assert found.step.begins_at == plain.begins_at
    assert found.paused == sum((timedelta(minutes=them) for _, them in spans), timedelta())
    assert found.step.warn_at <= found.step.due_at <= found.due_at
    ended = clock([*moves, Move(99, State.AWARDED, moment)], PARIS, mode="x", promised=promised, by=lengths())
    assert ended.taken <= sum(us for us, _ in spans) / 1_440 + 1


def test_an_offer_has_the_applicants_clock_and_the_factorys_stands_still():
    path = [(State.SUBMITTED, "23 10:00"), (State.SCREENED, "23 11:00"), (State.ASSESSED, "23 12:00")]
    moves = [Move(key, after, at(when)) for key, (after, when) in enumerate([*path, (State.OFFERED, "24 10:00")])]
    found = clock(moves, PARIS, mode="x", promised=2, by=lengths(), answer_days=5)
    step = found.step
    assert (step.state, step.holder, step.days, step.paused_at) == (State.OFFERED, "applicant", 5, None)
    assert (str(step.due_on), step.warn_at) == ("2026-12-01", at("30 23:59") + timedelta(seconds=60, microseconds=-1))
    more = clock(
        [*moves, Move(9, State.OFFERED, at("27 10:00"))], PARIS, mode="x", promised=2, by=lengths(), answer_days=9
    )
    assert (more.step.key, str(more.step.due_on), more.paused) == (9, "2026-12-10", timedelta())
    ended = clock([*moves, Move(9, State.AWARDED, at("30 10:00"))], PARIS, mode="x", promised=2, by=lengths())
    assert (ended.taken, ended.paused, ended.step) == (1, timedelta(days=6), None)
