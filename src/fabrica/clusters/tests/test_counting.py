"""How devices, nodes and seconds become GPU-seconds, against figures made by hand; and what must hold for any."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fabrica.clusters.engine import Counting

HOUR = 3600
HALF, SEVENTH = Fraction(1, 2), Fraction(1, 7)
MODULES = Counting(HALF, devices_per_node=8, step_seconds=60)  # two devices of Slurm are one GPU
NODES = Counting(devices_per_node=4, by_node=True, step_seconds=60, native_per_gpu_hour=Fraction(1, 4))
HALF_NODES = Counting(HALF, devices_per_node=8, by_node=True, step_seconds=60)
SLICES = Counting(SEVENTH, devices_per_node=28, step_seconds=60)
# devices, nodes, limit of the job: what one start may be charged at most. Each by hand.
HELD = [
    (Counting(), 3, 0, 601, 1_803),
    (Counting(step_seconds=60), 3, 0, 601, 3 * 660),
    (Counting(step_seconds=60), 3, 0, 600, 1_800),
    (MODULES, 8, 0, HOUR, 4 * HOUR),  # a node of 4 modules for an hour
    (MODULES, 1, 0, 61, 60),  # half of two minutes
    (NODES, 1, 0, HOUR, 4 * HOUR),  # one device takes the whole node
    (NODES, 4, 2, HOUR, 8 * HOUR),  # two devices on each of two nodes take both
    (NODES, 5, 0, HOUR, 8 * HOUR),
    (HALF_NODES, 9, 0, HOUR, 8 * HOUR),
    (SLICES, 1, 0, 60, 9),  # 60/7 = 8.57
    (SLICES, 3, 0, HOUR, 1_543),  # 1542.86
]  # fmt: skip
# GPU-seconds of an award: minutes that Slurm is told, GPU-seconds read back.
KEPT = [
    (Counting(), 1_000, 1_000, 1_000),
    (Counting(step_seconds=60), 1_019, 16, 960),
    (MODULES, 1_019, 33, 990),
    (NODES, 1_019, 4, 960),
    (NODES, 239, 0, 0),
    (HALF_NODES, 36_000, 150, 36_000),
    (SLICES, 100, 11, 95),  # 11 x 60/7 = 94.29
]
countings = some.builds(
    Counting,
    some.builds(lambda above, below: max(Fraction(1, 60), Fraction(above, below)), *[some.integers(1, 200)] * 2),
    devices_per_node=some.integers(1, 64),
    by_node=some.booleans(),
    step_seconds=some.just(60),
)


@pytest.mark.parametrize(("counting", "devices", "nodes", "limit", "held"), HELD)
def test_what_is_held_for_a_job_is_what_the_machine_sets_aside(counting, devices, nodes, limit, held):
    assert counting.hold(devices, nodes, limit) == held


@pytest.mark.parametrize(("counting", "gpu_seconds", "steps", "kept"), KEPT)
def test_a_limit_becomes_what_the_machine_counts_and_back(counting, gpu_seconds, steps, kept):
    assert (counting.steps(gpu_seconds), counting.limit(steps), counting.kept(gpu_seconds)) == (steps, kept, kept)


@given(countings, some.integers(0, 10**13))
def test_a_limit_that_was_read_back_and_set_again_does_not_move(counting, gpu_seconds):
    kept = counting.kept(gpu_seconds)
    assert kept <= gpu_seconds < kept + counting.gpus_per_unit * counting.step_seconds + 1
    assert (counting.kept(kept), counting.steps(kept)) == (kept, counting.steps(gpu_seconds))


@given(countings, some.integers(1, 512), some.integers(1, 10**6))
def test_a_limit_of_exactly_what_is_held_lets_the_machine_start_the_job(counting, devices, limit):
    asked = counting.units(devices) * counting.whole(limit) // counting.step_seconds
    assert counting.steps(counting.hold(devices, 0, limit)) >= asked


@given(countings, some.integers(1, 512), some.integers(0, 10**6))
def test_no_start_within_its_limit_is_charged_more_than_was_held(counting, devices, limit):
    used = counting.charge(counting.units(devices), limit)
    assert used <= counting.hold(devices, 0, limit)
    assert used - 1 < counting.units(devices) * limit * counting.gpus_per_unit <= used


@pytest.mark.parametrize(
    ("seconds", "above", "below"), [(0, 0, 0), (1, 60, 0), (59, 60, 0), (60, 60, 60), (61, 120, 60), (3_599, 3_600, 3_540)]
)  # fmt: skip
def test_a_jobs_limit_is_kept_in_whole_steps(seconds, above, below):
    assert (MODULES.whole(seconds), MODULES.whole_within(seconds)) == (above, below)


def test_hours_are_told_in_the_unit_that_people_know():
    assert NODES.in_native(4 * HOUR) == 1
    assert NODES.in_native(HOUR) == Fraction(1, 4)
