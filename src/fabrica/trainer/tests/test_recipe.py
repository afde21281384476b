import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.kit.errors import Refused
from fabrica.trainer.recipe import NAMED, Recipe, named, recipe_from, to_dict, with_seed


def bounded_fields():
    demo = Recipe()
    for one in fields(demo):
        value = getattr(demo, one.name)
        if is_dataclass(value):
            yield from ((f"{one.name}.{inner.name}", inner) for inner in fields(value))
        else:
            yield one.name, one


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_named_recipe_survives_being_written_and_read(name):
    assert recipe_from(to_dict(named(name))) == named(name)
    assert recipe_from({"name": name}) == named(name)


def test_an_unknown_recipe_name_lists_the_names():
    with pytest.raises(Refused) as refused:
        named("huge")
    assert refused.value.todo == "Choose one of: demo, small, tiny."


def test_an_unknown_key_lists_the_valid_ones_with_its_path():
    with pytest.raises(Refused) as refused:
        recipe_from({"model": {"widht": 128}})
    assert refused.value.what == "model.widht: unknown key."
    assert refused.value.why == "Valid keys are context, heads, hidden, layers, width."


def test_an_unknown_key_at_the_top_has_no_path():
    with pytest.raises(Refused) as refused:
        recipe_from({"modell": {}})
    assert refused.value.what == "modell: unknown key."


@pytest.mark.parametrize(
    "values",
    [
        {"steps": "10"},
        {"steps": 10.0},
        {"steps": True},
        {"steps": None},
        {"optimiser": {"lr": "fast"}},
        {"optimiser": {"lr": float("nan")}},
        {"optimiser": {"kind": 3}},
        {"model": []},
        {"model": 3},
        {"name": 3},
    ],
)
def test_a_wrong_type_is_refused(values):
    with pytest.raises(Refused):
        recipe_from(values)


@pytest.mark.parametrize("name", ["a\nb", "\0", "\ud800", "\x1b[31m"])
def test_a_name_that_cannot_be_shown_or_kept_is_refused(name):
    with pytest.raises(Refused, match="without control characters"):
        recipe_from({"name": name})


def test_a_recipe_that_is_no_object_is_refused():
    with pytest.raises(Refused):
        recipe_from(["steps", 3])


@pytest.mark.parametrize(("path", "one"), list(bounded_fields()), ids=lambda one: one if isinstance(one, str) else "")
def test_every_field_has_bounds_and_keeps_them(path, one):
    if "choices" in one.metadata:
        outside = ["", "nonsense"]
    elif one.type is str:
        outside = ["", "x" * (one.metadata["high"] + 1)]
    else:
        outside = [one.type(one.metadata["low"]) - 1, one.type(one.metadata["high"]) + 1]
    for value in outside:
        with pytest.raises(Refused) as refused:
            recipe_from(nested(path, value))
        assert refused.value.what.startswith(f"{path} is ")


def test_a_whole_number_serves_where_a_number_is_asked():
    assert recipe_from({"optimiser": {"clip_norm": 1}}).optimiser.clip_norm == 1.0


def test_overrides_are_applied_last():
    recipe = recipe_from({"name": "tiny", "steps": 30}, ["steps=20", "model.width=64", "optimiser.schedule=cosine"])
    assert (recipe.steps, recipe.model.width, recipe.optimiser.schedule) == (20, 64, "cosine")


@pytest.mark.parametrize("assignment", ["steps", "=3", "model.widht=3", "model=3", "steps.x=3", "steps=", "a.b.c.d=1"])
def test_an_override_that_fits_nothing_is_refused(assignment):
    with pytest.raises(Refused):
        recipe_from({}, [assignment])


def test_too_many_overrides_are_refused():
    with pytest.raises(Refused):
        recipe_from({}, ["steps=20"] * 101)


@pytest.mark.parametrize("overrides", [["model.heads=3"], ["model.width=250"], ["steps=5", "optimiser.warmup_steps=6"]])
def test_values_that_do_not_fit_each_other_are_refused(overrides):
    with pytest.raises(Refused):
        recipe_from({}, overrides)


def test_another_seed_is_another_recipe():
    assert with_seed(named("tiny"), 7) == recipe_from({"name": "tiny", "seed": 7})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["model", "steps", "width", "name", "x"]), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_comes_in_a_recipe_comes_out_or_a_refusal(values):
    try:
        recipe = recipe_from(values)
    except Refused:
        return
    assert recipe_from(to_dict(recipe)) == recipe


def test_importing_recipes_loads_no_numerical_library():
    code = (
        "import sys, fabrica.trainer.recipe, fabrica.trainer.sizes\n"
        "print(sorted({'torch', 'numpy', 'tokenizers', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"})
    assert done.stdout == "[]\n", done.stderr
