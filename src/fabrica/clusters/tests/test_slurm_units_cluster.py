"""Units on the real cluster: what Slurm enforces and accounts is what the ledger holds and charges."""

import pytest

from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.tests.slurm_stage import OnSlurm, slurm

pytestmark = pytest.mark.slurm
NODES = {"billed_by": "node", "native": "node-hours"}  # a node has two devices
HALVES = {"gpus_per_device": "1/2"}


@pytest.fixture
def machine():
    machine = OnSlurm()
    machine.cluster.devices_total = 8
    yield machine
    machine.close()


def count_as(machine, units):
    machine.cluster = slurm(units=units)


def until_told(machine, job_id):
    return machine.until(job_id, lambda one: one.state is not JobState.PENDING or one.reason_code not in ("", "None"))


@pytest.mark.parametrize(
    ("units", "devices", "reason"),
    [({}, 2, "QOSGrpGRESMinutes"), (HALVES, 2, "QOSGrpGRESMinutes"), (NODES, 3, "QOSGrpNodeMinutes")],
    ids=["plain", "halves", "nodes"],
)
def test_a_job_starts_on_exactly_what_is_held_for_it_and_waits_on_a_minute_less(machine, units, devices, reason):
    count_as(machine, units)
    counting = machine.cluster.counting
    held = counting.hold(devices, 0 if devices == 2 else 3, 61)
    machine.put(held - 1)
    job_id = machine.cluster.submit(
        machine.job("one", devices=devices, nodes=0 if devices == 2 else 3, time_limit_seconds=61)
    )
    told = until_told(machine, job_id)
    assert (told.state, told.reason_code) == (JobState.PENDING, reason)
    machine.put(held)
    assert machine.until_ended(job_id).state is JobState.COMPLETED
    (record,) = machine.usage()
    assert record.ended_at is not None
    seconds = int((record.ended_at - record.started_at).total_seconds())
    units_taken = 3 if units is NODES else devices
    assert record.gpu_seconds == counting.charge(units_taken, seconds)
    assert record.devices == (6 if units is NODES else devices)


@pytest.mark.parametrize("units", [{}, HALVES, NODES], ids=["plain", "halves", "nodes"])
def test_a_budget_that_was_read_back_is_the_one_wanted(machine, units):
    count_as(machine, units)
    machine.put(1_019)
    kept = machine.cluster.counting.kept(1_019)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == kept
    machine.put(kept)
    assert machine.cluster.accounts()[machine.team].gpu_seconds_limit == kept


def test_after_a_change_of_units_the_limit_is_told_as_none_and_put_right_by_one_more_call(machine):
    machine.put(1_200)
    count_as(machine, NODES)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 0
    machine.put(1_200)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 1_200
    count_as(machine, {})
    machine.put(1_200)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 1_200
