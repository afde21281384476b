"""Runs on a machine that counts otherwise: whole minutes, parts of a GPU, whole nodes. Every figure by hand."""

from fractions import Fraction

import pytest
from fabrica.allocations.applying import plan_for
from fabrica.allocations.desired import Plan
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.queries import balance, check_ledger, wanted
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.engine import Counting
from fabrica.training.queries import bill, hold, plan, time_left
from fabrica.trainer.recipe import NAMED
from fabrica.training.states import State
from fabrica.training.tests.test_following import fresh, started, turn, write_result

MINUTES = Counting(step_seconds=60)
HALVES = Counting(Fraction(1, 2), devices_per_node=8, step_seconds=60)
NODES = Counting(devices_per_node=4, by_node=True, step_seconds=60)
KINDS = {"minutes": MINUTES, "halves": HALVES, "nodes": NODES}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def fake(now, kind):
    return FakeCluster(now, devices_total=8, counting=KINDS[kind])


def test_a_launch_holds_what_the_machine_sets_aside(site, kind, now):
    run = site.launch(now, devices=2, time_limit_seconds=601)
    held = {"minutes": 2 * 660, "halves": 660, "nodes": 4 * 660}[kind]
    assert (run.time_limit_seconds, run.held_gpu_seconds, balance(site.award).held) == (660, held, held)
    assert site.launch(now, devices=2, nodes=2, time_limit_seconds=60).held_gpu_seconds == {
        "minutes": 120, "halves": 60, "nodes": 480,
    }[kind]  # fmt: skip


def test_what_is_shown_before_a_launch_is_what_it_holds(site, kind, now):
    planned = plan(site.machine, NAMED["tiny"], 2)
    told = hold(site.machine, devices=2, nodes=0, planned_seconds=planned.seconds, given=None)
    run = site.launch(now, devices=2)
    assert (told.time_limit_seconds, told.gpu_seconds) == (run.time_limit_seconds, run.held_gpu_seconds)
    gpus = {"minutes": 2, "halves": 1, "nodes": 4}[kind]
    assert (run.planned_seconds, run.planned_gpu_seconds) == (planned.seconds, gpus * planned.seconds)


def test_what_it_used_is_booked_and_the_rest_goes_back(site, kind, clock, fake):
    run = started(site, clock, fake, devices=2, time_limit_seconds=600)
    write_result(run)
    turn(clock, 60)
    used = {"minutes": 120, "halves": 60, "nodes": 240}[kind]
    assert (fresh(run).state, fresh(run).used_gpu_seconds) == (State.SUCCEEDED, used)
    assert (balance(site.award).used, balance(site.award).held) == (used, 0)
    assert (time_left(fresh(run)), bill(fresh(run)).facts.actual_seconds) == (540, 60)
    assert check_ledger() == []


def test_an_attempt_after_another_asks_for_no_more_than_is_still_held(site, clock, fake):
    run = started(site, clock, fake, devices=2, time_limit_seconds=600)
    clock.advance(19)
    fake.lose(run.attempts.get().job_id)
    for _ in range(2):
        turn(clock, 60)
    second = run.attempts.get(number=2)
    assert time_left(fresh(run)) == 600 - 19
    assert second.time_limit_seconds == 540
    most = fake.counting.hold(2, 0, second.time_limit_seconds)
    assert most <= balance(site.award).held


def test_the_account_is_wanted_as_the_machine_can_keep_it_so_that_nothing_is_left_to_do(site, fake, kind, clock):
    award = site.award
    ClusterAccount.objects.update(gpu_seconds_wanted=36_719)
    kept = {"minutes": 36_660, "halves": 36_690, "nodes": 36_480}[kind]
    assert [one.gpu_seconds_limit for one in wanted(site.machine, clock.now)] == [kept]
    (action,) = plan_for(site.machine, clock.now).actions
    fake.put_account(action.after)
    assert fake.account(award.account_name).gpu_seconds_limit == kept
    assert plan_for(site.machine, clock.now) == Plan()
