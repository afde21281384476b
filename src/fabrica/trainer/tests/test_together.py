"""Real processes that share every batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fabrica.trainer.loop import Trainer
from fabrica.trainer.recipe import recipe_from, to_dict

SOURCE = Path(__file__).parents[3]
pytestmark = pytest.mark.several
CLOSE = 1e-4


@pytest.fixture
def folder(tmp_path, tiny, tokens):
    (tmp_path / "recipe.json").write_text(json.dumps(to_dict(tiny)))
    np.save(tmp_path / "tokens.npy", tokens)
    return tmp_path


def together(folder, size, until=-1, faulty=-1):
    """What each of `size` processes saw."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    common = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    call = [sys.executable, "-m", "fabrica.trainer.tests.together", str(folder), str(until), str(faulty)]
    processes = [
        subprocess.Popen(call, env=common | {"RANK": str(rank)}, stdout=subprocess.PIPE, text=True)
        for rank in range(size)
    ]
    try:
        told = [one.communicate(timeout=90)[0] for one in processes]
    finally:
        for one in processes:
            one.kill()
    return [json.loads(one.splitlines()[-1]) for one in told]


@pytest.fixture
def expected(tiny, tokens):
    found = {}
    Trainer(tiny, tokens).run(lambda report: found.__setitem__(str(report.step), report.loss))
    return found


@pytest.mark.parametrize(("kind", "size"), [("muon", 2), ("muon", 3), ("adamw", 2)])
def test_the_curve_does_not_depend_on_the_number_of_processes(folder, tokens, kind, size):
    lr = 0.02 if kind == "muon" else 0.003
    values = {"name": "tiny", "steps": 12, "optimiser": {"kind": kind, "lr": lr}}
    (folder / "recipe.json").write_text(json.dumps(values))
    one = {}
    Trainer(recipe_from(values), tokens).run(lambda report: one.__setitem__(str(report.step), report.loss))
    seen = together(folder, size)
    assert seen[0]["losses"] == pytest.approx(one, rel=CLOSE)
    assert all(other == seen[0] for other in seen)  # bit by bit: losses and weights


def test_a_wish_of_one_stops_all_after_the_same_step_and_more_go_on(folder, expected):
    first = together(folder, 2, until=5)
    assert [(one["finished"], one["step"]) for one in first] == [(False, 6), (False, 6)]
    assert (folder / "checkpoints" / "step-0000000006" / "sha256").exists()
    second = together(folder, 3)
    assert [one["finished"] for one in second] == [True] * 3
    assert first[0]["losses"] | second[0]["losses"] == pytest.approx(expected, rel=CLOSE)


@pytest.mark.parametrize("faulty", [0, 1])
def test_a_fault_of_one_ends_all_in_its_words(folder, faulty):
    seen = together(folder, 3, faulty=faulty)
    assert [one["problem"] for one in seen] == ["This one fails. It was told to. Nothing."] * 3
    assert [one["code"] for one in seen] == [3] * 3


def test_a_checkpoint_that_cannot_be_written_is_the_fault_of_all(folder):
    (folder / "checkpoints").write_text("a file where the folder should be")
    seen = together(folder, 2)
    assert seen[0]["problem"] == seen[1]["problem"]
    assert "checkpoints" in seen[0]["problem"]
    assert [one["code"] for one in seen] == [3, 3]


def test_batches_that_cannot_be_shared_are_refused_by_all(folder):
    seen = together(folder, 5)
    assert {one["problem"].split(".")[0] for one in seen} == {"A batch of 4 cannot be shared by 5 processes"}
