import pytest

from fabrica.trainer.model import new_model
from fabrica.trainer.recipe import NAMED, ModelShape, Recipe, named, recipe_from
from fabrica.trainer.sizes import flops_per_token, parameter_count, tokens_per_step, training_flops


@pytest.mark.parametrize("name", sorted(NAMED))
def test_parameters_are_counted_as_the_real_model_has_them(name):
    recipe = named(name)
    assert parameter_count(recipe) == sum(one.numel() for one in new_model(recipe).parameters())


def test_an_odd_shape_is_counted_too():
    recipe = recipe_from({"vocab_size": 301, "model": {"layers": 5, "width": 36, "heads": 3, "hidden": 17}})
    assert parameter_count(recipe) == sum(one.numel() for one in new_model(recipe).parameters())


def test_operations_by_hand():
    shape = ModelShape(layers=2, width=16, heads=2, hidden=16, context=8)
    recipe = Recipe(vocab_size=257, model=shape, batch=3, steps=5)
    parameters = 257 * 16 + 2 * (4 * 16 * 16 + 3 * 16 * 16 + 2 * 16) + 16
    assert parameter_count(recipe) == parameters
    assert flops_per_token(recipe) == 6 * parameters + 12 * 2 * 16 * 8
    assert tokens_per_step(recipe) == 24
    assert training_flops(recipe) == 5 * 24 * flops_per_token(recipe)


def test_the_demo_has_three_to_ten_million_parameters():
    assert 3_000_000 <= parameter_count(named("demo")) <= 10_000_000


def test_the_tiny_recipe_is_tiny():
    assert parameter_count(named("tiny")) < 300_000
