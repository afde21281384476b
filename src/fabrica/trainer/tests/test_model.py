import math

import pytest
import torch

from fabrica.trainer.model import new_model, rotary, turn
from fabrica.trainer.optimiser import lr_share, optimisers, orthogonal
from fabrica.trainer.recipe import recipe_from


@pytest.fixture
def model(tiny):
    return new_model(tiny)


def test_logits_have_one_value_per_token_of_the_vocabulary(model, tiny):
    assert model(torch.zeros(2, 7, dtype=torch.int64)).shape == (2, 7, tiny.vocab_size)


def test_a_token_is_predicted_from_those_before_it_only(model):
    tokens = torch.arange(20).view(1, 20)
    changed = tokens.clone()
    changed[0, 12:] = 99
    torch.testing.assert_close(model(tokens)[:, :12], model(changed)[:, :12])
    assert not torch.allclose(model(tokens)[:, 12:], model(changed)[:, 12:])


def test_the_order_of_earlier_tokens_matters(model):
    one = model(torch.tensor([[5, 6, 7]]))[0, -1]
    other = model(torch.tensor([[6, 5, 7]]))[0, -1]
    assert not torch.allclose(one, other)


def test_weights_start_from_the_stated_normal_distribution(tiny):
    model = new_model(tiny)
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            assert weight.eq(1).all(), name
        else:
            assert weight.std().item() == pytest.approx(0.02, rel=0.05), name
            assert abs(weight.mean().item()) < 0.002, name


def test_the_same_seed_gives_the_same_model_whatever_was_drawn_before(tiny):
    torch.rand(17)
    first = new_model(tiny).state_dict()
    torch.rand(5)
    for key, value in new_model(tiny).state_dict().items():
        assert value.equal(first[key])


def test_rotation_keeps_lengths_and_depends_on_distance_only():
    cos, sin = rotary(64, 16)
    query, key = torch.randn(16, dtype=torch.float32), torch.randn(16, dtype=torch.float32)
    queries, keys = turn(query.expand(64, 16), cos, sin), turn(key.expand(64, 16), cos, sin)
    torch.testing.assert_close(queries.norm(dim=1), query.norm().expand(64))
    products = queries @ keys.T
    torch.testing.assert_close(products[10, 4], products[40, 34])


@pytest.mark.parametrize("shape", [(60, 24), (24, 60)])
def test_a_matrix_made_orthogonal_has_singular_values_near_one(shape):
    dice = torch.Generator().manual_seed(3)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=dice)))
    assert 0.6 < values.min() and values.max() < 1.3


def test_each_weight_belongs_to_one_optimiser(model, tiny):
    for kind in ("muon", "adamw"):
        how = recipe_from({"name": "tiny", "optimiser": {"kind": kind}}).optimiser
        owned = [id(one) for part in optimisers(model, how) for group in part.param_groups for one in group["params"]]
        assert sorted(owned) == sorted(id(one) for one in model.parameters())


def test_warm_up_stable_and_decay():
    recipe = recipe_from(
        {"steps": 100, "optimiser": {"warmup_steps": 10, "decay_share": 0.2, "final_lr_share": 0.0, "schedule": "wsd"}}
    )
    shares = [lr_share(recipe, step) for step in range(100)]
    assert shares[0] == pytest.approx(1 / 11)
    assert shares[10:81] == [1.0] * 71
    assert shares[90] == pytest.approx(0.5)
    assert shares[99] == pytest.approx(0.05)


def test_a_cosine_falls_from_full_to_the_final_share():
    recipe = recipe_from({"steps": 110, "optimiser": {"warmup_steps": 10, "schedule": "cosine", "final_lr_share": 0.1}})
    assert lr_share(recipe, 10) == pytest.approx(1.0)
    assert lr_share(recipe, 60) == pytest.approx(0.55)
    assert lr_share(recipe, 109) == pytest.approx(0.1 + 0.9 * (1 + math.cos(math.pi * 0.99)) / 2)


@pytest.mark.parametrize("schedule", ["wsd", "cosine"])
def test_the_course_has_no_jump_where_all_is_decay(schedule):
    how = {"warmup_steps": 5, "schedule": schedule, "decay_share": 1.0}
    recipe = recipe_from({"steps": 50, "optimiser": how})
    shares = [lr_share(recipe, step) for step in range(50)]
    assert all(0 < share <= 1 for share in shares)
    assert max(abs(b - a) for a, b in zip(shares, shares[1:])) < 0.2
