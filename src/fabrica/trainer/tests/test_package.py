import json

import pytest
import torch

from fabrica.kit.errors import Refused
from fabrica.trainer.model import new_model
from fabrica.trainer.package import generate_ids, load_model, save_package
from fabrica.trainer.sizes import parameter_count
from fabrica.trainer.tokens import end_token


@pytest.fixture
def model(tiny):
    return new_model(tiny).eval()


@pytest.fixture
def folder(model, tiny, tokenizer, tmp_path):
    save_package(tmp_path / "out", model, tiny, tokenizer)
    return tmp_path / "out"


def test_a_package_is_three_files(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]


def test_a_package_loads_back_with_equal_logits(folder, model):
    tokens = torch.arange(30).view(1, 30)
    assert load_model(folder).model(tokens).equal(model(tokens))


def test_the_configuration_says_what_it_is(folder, tiny, tokenizer):
    config = json.loads((folder / "config.json").read_text())
    assert config["parameters"] == parameter_count(tiny)
    assert config["end_token"] == end_token(tokenizer)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("raw", [None, b"", b"{}", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_broken_package_is_refused(folder, name, raw):
    (folder / name).unlink()
    if raw is not None:
        (folder / name).write_bytes(raw)
    with pytest.raises(Refused):
        load_model(folder)


def test_a_configuration_out_of_bounds_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["model"]["width"] = 10**9
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(Refused) as refused:
        load_model(folder)
    assert refused.value.what == "model.width is 1000000000."


def test_the_same_seed_draws_the_same_text(folder):
    packaged = load_model(folder)
    first = generate_ids(packaged, [50, 51], 40, temperature=1.0, seed=3)
    assert first == generate_ids(packaged, [50, 51], 40, temperature=1.0, seed=3)
    assert first != generate_ids(packaged, [50, 51], 40, temperature=1.0, seed=4)
    assert first[:2] == [50, 51]


def test_without_temperature_the_likeliest_token_is_taken(folder):
    packaged = load_model(folder)
    found = generate_ids(packaged, [50], 5, temperature=0, seed=1)
    assert found == generate_ids(packaged, [50], 5, temperature=0, seed=2)
    assert found[1] == int(packaged.model(torch.tensor([[50]]))[0, -1].argmax())


def test_more_tokens_than_the_context_can_be_drawn(folder, tiny):
    packaged = load_model(folder)
    assert len(generate_ids(packaged, [50], 3 * tiny.model.context, temperature=0)) <= 3 * tiny.model.context + 1


def test_generating_stops_at_the_end_of_the_document(folder):
    packaged = load_model(folder)
    end = end_token(packaged.tokenizer)
    with torch.no_grad():
        packaged.model.embedding.weight.zero_()
        packaged.model.embedding.weight[end] = packaged.model.embedding.weight[50] = 1.0
        packaged.model.embedding.weight[end] *= 2
    assert generate_ids(packaged, [50], 10, temperature=0) == [50]


@pytest.mark.parametrize("bad", [{"tokens": 0}, {"temperature": -1}, {"temperature": float("nan")}, {"top_k": 0}])
def test_settings_out_of_bounds_are_refused(folder, bad):
    with pytest.raises(Refused):
        generate_ids(load_model(folder), [50], **({"tokens": 3} | bad))
