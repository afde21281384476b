import json
import math
import os
import shutil
from dataclasses import replace

import pytest
import torch

from fabrica.kit.errors import Refused
from fabrica.trainer.bench import calibrate
from fabrica.trainer.checkpoints import read_checkpoint, state_of, write_checkpoint
from fabrica.trainer.loop import Trainer
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.sizes import flops_per_token


def losses(trainer, until=None):
    found = {}
    trainer.run(
        lambda report: found.__setitem__(report.step, report.loss),
        lambda: until is not None and trainer.step >= until,
    )
    return found


def test_training_lowers_the_loss(tiny, tokens):
    found = losses(Trainer(replace(tiny, steps=40), tokens))
    assert list(found) == list(range(1, 41))
    assert found[1] == pytest.approx(math.log(tiny.vocab_size), abs=0.3)
    assert found[40] < found[1] - 0.5


@pytest.mark.parametrize("kind", ["muon", "adamw"])
@pytest.mark.parametrize("stopped_after", [1, 4, 7])
def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(tiny, tokens, tmp_path, kind, stopped_after):
    lr = 0.02 if kind == "muon" else 0.003
    recipe = recipe_from({"name": "tiny", "steps": 12, "optimiser": {"kind": kind, "lr": lr}})
    whole = Trainer(recipe, tokens)
    expected = losses(whole)
    first = losses(Trainer(recipe, tokens, tmp_path), stopped_after)
    torch.rand(3)  # another process has other dice
    second = Trainer(recipe, tokens, tmp_path)
    assert second.step == stopped_after
    assert first | losses(second) == expected
    for key, value in whole.model.state_dict().items():
        assert second.model.state_dict()[key].equal(value)


def test_the_time_spent_is_carried_over(tiny, tokens, tmp_path):
    first = Trainer(tiny, tokens, tmp_path)
    losses(first, 6)
    assert Trainer(tiny, tokens, tmp_path).elapsed_seconds == first.elapsed_seconds > 0


def test_a_finished_training_does_nothing_more(tiny, tokens, tmp_path):
    losses(Trainer(tiny, tokens, tmp_path))
    assert losses(Trainer(tiny, tokens, tmp_path)) == {}


def test_only_asked_steps_are_told_and_always_the_first_and_last(tiny, tokens):
    assert list(losses(Trainer(replace(tiny, log_every=5), tokens))) == [1, 5, 10, 12]


def test_a_loss_that_is_no_number_ends_the_training_with_a_reason(tiny, tokens):
    trainer = Trainer(tiny, tokens)
    with torch.no_grad():
        trainer.model.embedding.weight[0] = float("nan")
    with pytest.raises(Refused) as refused:
        losses(trainer)
    assert refused.value.what == "The loss is no longer a number (step 1)."


def test_a_loss_that_is_no_number_is_noticed_between_logged_steps_too(tiny, tokens, tmp_path):
    trainer = Trainer(replace(tiny, log_every=100, checkpoint_every=2), tokens, tmp_path)
    losses(trainer, 1)
    with torch.no_grad():
        trainer.model.embedding.weight[0] = float("nan")
    with pytest.raises(Refused):
        losses(trainer)
    assert all(value.isfinite().all() for value in read_checkpoint(tmp_path).weights.values())


@pytest.fixture
def saved(tiny, tokens, tmp_path):
    folder = tmp_path / "checkpoints"
    losses(Trainer(tiny, tokens, folder))
    return folder


def test_the_last_two_checkpoints_are_kept(saved):
    assert sorted(path.name for path in saved.iterdir()) == ["step-0000000008", "step-0000000012"]


@pytest.mark.parametrize("name", ["weights.safetensors", "memory.safetensors", "state.json", "sha256"])
@pytest.mark.parametrize("how", ["cut", "changed", "missing"])
def test_a_torn_checkpoint_is_passed_over(saved, name, how):
    path = saved / "step-0000000012" / name
    raw = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(raw[: len(raw) // 2] if how == "cut" else bytes([raw[0] ^ 1]) + raw[1:])
    assert read_checkpoint(saved).step == 8


def test_without_a_whole_checkpoint_there_is_none(saved, tmp_path):
    for path in saved.glob("*/sha256"):
        path.unlink()
    assert read_checkpoint(saved) is None
    assert read_checkpoint(tmp_path / "nowhere") is None


def test_half_a_checkpoint_of_a_killed_process_is_swept_away(saved, tiny, tokens):
    shutil.copytree(saved / "step-0000000012", saved / ".unfinished-0000000016")
    trainer = Trainer(tiny, tokens, saved)
    assert trainer.step == 12
    write_checkpoint(saved, state_of(trainer.model, trainer.optimisers, 16, 1.0))
    assert sorted(path.name for path in saved.iterdir()) == ["step-0000000012", "step-0000000016"]


def test_a_torn_checkpoint_is_replaced_when_its_step_comes_again(saved, tiny, tokens):
    (saved / "step-0000000012" / "state.json").write_text("{")
    trainer = Trainer(tiny, tokens, saved)
    assert trainer.step == 8
    losses(trainer)
    assert read_checkpoint(saved).step == 12


def test_a_failed_write_leaves_the_old_checkpoints_and_no_rest(saved, tiny, tokens, monkeypatch):
    trainer = Trainer(tiny, tokens, saved)
    real = os.fsync
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(saved, state_of(trainer.model, trainer.optimisers, 16, 1.0))
    assert sorted(path.name for path in saved.iterdir()) == ["step-0000000008", "step-0000000012"]


def test_a_checkpoint_is_plain_data(saved):
    assert json.loads((saved / "step-0000000012" / "state.json").read_text())["step"] == 12
    assert not list(saved.rglob("*.p*t*")) and not list(saved.rglob("*.pkl"))


def test_a_calibration_counts_operations_as_the_sizes_do(tiny):
    found = calibrate(tiny, seconds=0.1)
    assert found.flops_per_second == pytest.approx(found.tokens_per_second * flops_per_token(tiny))
    assert found.tokens_per_second > 0 and found.device in ("cpu", "cuda") and found.threads >= 1
    assert found.at.utcoffset().total_seconds() == 0
