"""Every mode of the data as a call: its cut-offs, its sizes in the machine's units, its promise, and what it lacks."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from zoneinfo import ZoneInfo

import pytest
from fabrica.applications.tests.factories import draft
from fabrica.applications import queries as applications
from fabrica.applications import services as applying
from fabrica.calls import engine, services
from fabrica.calls.engine import saying
from fabrica.calls.engine.mode import mode_from
from fabrica.calls.engine.opening import opened
from fabrica.calls.states import State
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Refused

TICK = timedelta(microseconds=1)
EARLY = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
FOUR, PARIS = Fraction(4), "Europe/Paris"
HOUR = 3600


def row_of(key, **figures):
    """A mode's row with other figures, each with the source of what it had."""
    row = engine.rows()[key]
    return {**row, "facts": [{**one, "value": figures.get(one["id"], one["value"])} for one in row["facts"]]}


def mode_of(key, now=EARLY, gpus=FOUR, **figures):
    return mode_from(opened(row_of(key, **figures), gpus_per_node=gpus, zone=PARIS, now=now))


@pytest.fixture
def nodes_of_four(monkeypatch):
    """The machine's units say that a node has four GPUs."""
    cluster = FakeCluster(EARLY, counting=Counting(devices_per_node=4, by_node=True))
    monkeypatch.setattr(clusters, "_makers", {"fake": lambda _machine: cluster})


@pytest.fixture
def call_of(cast, machine, nodes_of_four):
    def made(mode, now):
        return services.open_call(slug=mode, title=mode, mode=mode, machine=machine, by=cast.operator, now=now)

    return made


@pytest.mark.parametrize(
    ("key", "least", "most", "months", "promise"),
    [
        ("playground", 0, 5_000, (1, 2, 3), (2, "working_day", "submission")),
        ("fast-lane", 0, 50_000, (1, 2, 3), (4, "working_day", "submission")),
        ("large-scale", 50_000, 2_400_000, (3, 6, 12), (10, "working_day", "cut_off")),
        ("ai-for-science", 80_000, 360_000, (6,), (1, "month", "cut_off")),
        ("benchmark", 800, 10_000, (2, 3), (3, "week", "cut_off")),
        ("development", 3_200, 18_000, (6, 12), (3, "week", "cut_off")),
        ("regular", 80_000, 7_200_000, (12,), (4, "month", "cut_off")),
        ("extreme-scale", 400_000, 12_000_000, (12,), (6, "month", "cut_off")),
    ],
)
@pytest.mark.django_db
def test_every_mode_whose_figures_are_known_can_be_opened(call_of, key, least, most, months, promise):
    mode = call_of(key, EARLY).mode
    told = (mode.promise.at_most, mode.promise.unit, mode.promise.starts)
    assert (mode.gpu_hours_min, mode.gpu_hours_max, mode.months, told) == (least, most, months, promise)


@pytest.mark.django_db
def test_what_nobody_published_is_named_and_the_way_to_say_it(call_of):
    with pytest.raises(Refused) as told:
        call_of("pay-per-use", EARLY)
    assert told.value.what == (
        "A call of Commercial pay-per-use cannot be opened: "
        "not known: unit, months to choose from, opening, access within, size, at most."
    )
    assert "docs/operator/modes.md" in told.value.todo


def test_several_systems_at_once_are_refused_and_the_way_out_is_told():
    with pytest.raises(Refused, match="asks? for 2 systems at once.*Open a call on each machine"):
        mode_of("playground", systems=2)


def test_after_its_last_cut_off_a_mode_cannot_be_opened():
    last = mode_of("regular").cut_offs[-1]
    assert mode_of("regular", now=last - TICK).cut_offs[-1] == last
    with pytest.raises(Refused, match="its last cut-off has passed.*with the days that are published now"):
        mode_of("regular", now=last)


def test_a_cut_off_is_the_published_day_at_its_time_and_without_one_the_end_of_the_day_at_the_site():
    winter, summer = (mode_of("large-scale").cut_off_after(at) for at in (EARLY, datetime(2026, 7, 1, tzinfo=UTC)))
    assert (winter, summer) == (datetime(2026, 1, 30, 9, tzinfo=UTC), datetime(2026, 7, 15, 8, tzinfo=UTC))
    assert mode_of("regular").cut_off_after(EARLY) == datetime(2026, 3, 30, 22, tzinfo=UTC)


def test_what_arrives_on_the_cut_off_counts_for_the_next_one():
    mode = mode_of("large-scale")
    first, second = mode.cut_offs[:2]
    assert [mode.counts_from(at) + TICK for at in (first - TICK, first, second - TICK)] == [first, second, second]
    assert mode.cut_off_after(mode.cut_offs[-1]) is None


def test_the_day_of_a_cut_off_without_a_time_is_the_one_that_does_not_count():
    begins = mode_of("regular").counts_from(EARLY)
    assert begins.astimezone(ZoneInfo("Europe/Rome")).date().isoformat() == "2026-03-30"


def test_hours_of_parts_of_a_gpu_are_rounded_into_the_mode_never_beyond_it():
    mode = mode_of("benchmark", gpus=Fraction(7, 3), size_at_least=200, size_at_most=2_500)
    assert (mode.gpu_hours_min, mode.gpu_hours_max) == (467, 5_833)
    assert 466 < Fraction(200 * 7, 3) < 467 and 5_833 < Fraction(2_500 * 7, 3) < 5_834


@pytest.mark.parametrize(
    ("key", "size", "access"),
    [
        ("playground", "up to 5,000 GPU-hours", "within 2 working days from the day it is handed in"),
        ("large-scale", "more than 50,000 and up to 2,400,000 GPU-hours", "within 10 working days from the cut-off"),
        ("ai-for-science", "80,000 to 360,000 GPU-hours; one node-hour of this machine is 4 GPU-hours",
         "within 1 month from the cut-off"),
    ],
)  # fmt: skip
def test_a_call_says_its_size_and_its_promise_in_words(key, size, access):
    assert (saying.size(mode_of(key)), saying.access(mode_of(key))) == (size, access)


@pytest.mark.django_db
def test_a_call_closes_by_itself_with_its_last_cut_off(call_of):
    call = call_of("benchmark", EARLY)
    last = call.mode.cut_offs[-1]
    assert [call.is_open(at) for at in (EARLY, last - TICK, last)] == [True, True, False]
    assert (call.state, call.is_past(last), call.is_past(last - TICK)) == (State.OPEN, True, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "hours", "month", "told"),
    [
        ("large-scale", 50_000, 3, "Large Scale is for more than 50,000 GPU-hours; you ask for 50,000."),
        ("ai-for-science", 79_999, 6, "AI for Science and EU projects is for at least 80,000 GPU-hours; you ask for 79,999."),
        ("ai-for-science", 360_001, 6, "AI for Science and EU projects gives at most 360,000 GPU-hours; you ask for 360,001."),
    ],
)  # fmt: skip
def test_beyond_the_band_an_application_is_told_what_to_do(cast, call_of, key, hours, month, told):
    call = call_of(key, EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=hours * HOUR, months=month)
    (gap,) = applications.gaps_of(made, EARLY)
    assert (gap.field, gap.message.startswith(told)) == ("gpu_seconds_requested", True)
    assert ("the route finder tells which" in gap.message) is ("gives at most" not in told)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "hours"), [("large-scale", 50_001), ("ai-for-science", 80_000), ("ai-for-science", 360_000)]
)
def test_on_the_band_it_can_be_handed_in(cast, call_of, key, hours):
    call = call_of(key, EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=hours * HOUR, months=call.mode.months[0])
    assert applications.gaps_of(made, EARLY) == []


@pytest.mark.django_db
def test_a_clock_begins_at_the_cut_off_it_was_handed_in_for(cast, call_of):
    call = call_of("large-scale", EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=60_000 * HOUR, months=3)
    handed_in = applying.submit(application=made, by=cast.applicant, now=EARLY)
    clock = applications.clock_of(handed_in)
    # The cut-off is Friday 30 January, 10:00 in Brussels; ten working days later is Friday 13 February.
    assert (clock.begins_at + TICK, clock.promised) == (datetime(2026, 1, 30, 9, tzinfo=UTC), 10)
    assert handed_in.due_on == datetime(2026, 2, 13, tzinfo=UTC).date()


@pytest.mark.django_db
def test_what_is_done_before_the_cut_off_takes_nothing_from_the_promise(cast, call_of):
    call = call_of("large-scale", EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=60_000 * HOUR, months=3)
    applying.submit(application=made, by=cast.applicant, now=EARLY)
    screened = applying.screen(application=made, by=cast.officer, now=EARLY + timedelta(days=1))
    step = applications.clock_of(screened).step
    assert (step.state, step.begins_at) == ("screened", datetime(2026, 1, 30, 9, tzinfo=UTC) - TICK)
    assert step.standing(EARLY + timedelta(days=2)) == "running"


@pytest.mark.django_db
def test_a_promise_in_months_ends_on_that_day_of_the_later_month(cast, call_of):
    call = call_of("ai-for-science", EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=100_000 * HOUR, months=6)
    handed_in = applying.submit(application=made, by=cast.applicant, now=EARLY)
    # From Friday 27 February 2026; 27 March is a Friday and no holiday in France.
    assert handed_in.due_on == datetime(2026, 3, 27, tzinfo=UTC).date()


@pytest.mark.django_db
def test_after_the_last_cut_off_nothing_begins_and_no_draft_is_handed_in(cast, call_of):
    call = call_of("benchmark", EARLY)
    made = draft(cast, call, EARLY, gpu_seconds_requested=1_000 * HOUR, months=2)
    last = call.mode.cut_offs[-1]
    with pytest.raises(Refused, match="takes no applications now"):
        applying.submit(application=made, by=cast.applicant, now=last)
    assert applying.submit(application=made, by=cast.applicant, now=last - TICK).state == "submitted"


def test_a_call_of_before_keeps_what_it_promised():
    kept = {name: engine.rows()["fast-lane"][name] for name in (
        "key", "code", "title", "for_whom", "gpu_hours_min", "gpu_hours_max", "months", "access_working_days",
        "source", "checked_on", "confidence",
    )}  # fmt: skip
    mode = mode_from(kept)
    assert (mode.promise.working_days, mode.promise.starts, mode.cut_offs) == (4, "submission", ())
    assert saying.access(mode) == "within 4 working days from the day it is handed in"
