import pytest

from fabrica.kit.errors import Refused
from fabrica.trainer.alone import ALONE, Alone
from fabrica.trainer.place import Place, place_from

MEET = {"MASTER_ADDR": "node1", "MASTER_PORT": "29500"}
TORCHRUN = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", **MEET}
SRUN = {"SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1", "SLURM_NODEID": "1"}


def test_without_a_launcher_a_process_is_alone():
    assert place_from({}) == place_from(MEET) == place_from({"RANK": "0", "WORLD_SIZE": "1"}) == Place()


def test_torchrun_tells_the_place_and_serves_the_meeting():
    found = place_from(TORCHRUN | {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2"})
    assert found == Place(3, 4, 1, 2, "node1", 29500, served=True, life="2")


@pytest.mark.parametrize(
    ("listed", "local_size"), [("2(x2)", 2), ("1,3", 3), ("2", 2), ("", 2), ("what", 2), ("2(x1),5(x4)", 0)]
)
def test_srun_tells_the_place_with_the_tasks_of_the_node(listed, local_size):
    variables = SRUN | MEET | {"SLURM_TASKS_PER_NODE": listed}
    if not local_size:  # more on this node than there are in all
        with pytest.raises(Refused):
            place_from(variables)
    else:
        assert place_from(variables) == Place(3, 4, 1, local_size, "node1", 29500)


def test_the_numbers_of_the_step_count_before_those_of_the_job():
    variables = SRUN | MEET | {"SLURM_NTASKS": "9", "SLURM_STEP_NUM_TASKS": "4"}
    assert place_from(variables).size == 4


def test_slurms_numbers_without_a_meeting_place_mean_a_process_alone():
    assert place_from(SRUN | {"SLURM_PROCID": "0"}) == Place()
    with pytest.raises(Refused):
        place_from(SRUN)


@pytest.mark.parametrize(
    "change",
    [
        {"RANK": "4"},
        {"RANK": "-1"},
        {"RANK": "x"},
        {"RANK": ""},
        {"WORLD_SIZE": "0"},
        {"WORLD_SIZE": "1000000"},
        {"WORLD_SIZE": "9" * 5000},
        {"LOCAL_WORLD_SIZE": "1"},
        {"LOCAL_WORLD_SIZE": "5"},
        {"MASTER_PORT": "0"},
        {"MASTER_PORT": "65536"},
        {"MASTER_PORT": "²"},
        {"MASTER_ADDR": ""},
    ],
)
def test_numbers_that_make_no_sense_are_refused(change):
    with pytest.raises(Refused) as refused:
        place_from(TORCHRUN | change)
    assert refused.value.what == "This process cannot tell its place among the others."


class Some(Alone):
    def __init__(self, rank, size):
        self.rank, self.size = rank, size


@pytest.mark.parametrize(("batch", "size"), [(8, 1), (8, 2), (8, 3), (7, 4), (5, 5)])
def test_the_rows_of_a_batch_are_shared_evenly_and_without_gap(batch, size):
    shares = [list(range(batch))[Some(rank, size).rows(batch)] for rank in range(size)]
    assert sum(shares, []) == list(range(batch))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_process_alone_does_what_it_leads_and_ends_with_its_own_code():
    assert ALONE.lead(lambda: 7) == 7
    assert ALONE.part(3) == 3
