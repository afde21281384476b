import hashlib
import json
from pathlib import Path

import pytest
import torch

from fabrica.evaluation.battery.subject import PackagedSubject
from fabrica.evaluation.battery.writing import Draw, go_on
from fabrica.evaluation.bits import model_bits
from fabrica.kit.errors import Refused
from fabrica.trainer.model import new_model
from fabrica.trainer.package import Packaged, generate_ids, save_package
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.tokens import encode, end_token, train_tokenizer

TINY = recipe_from({"name": "tiny", "steps": 40, "seed": 5})
SOURCE = Path(json.__file__).with_name("decoder.py").read_text()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Steps this small only wait for other threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def packaged():
    """A model whose weights are larger than those of an untrained one, so that it has opinions."""
    model = new_model(TINY)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return Packaged(model.eval(), train_tokenizer([SOURCE.encode()], TINY.vocab_size, TINY.tokenizer_bytes))


@pytest.fixture(scope="module")
def subject(packaged):
    return PackagedSubject(packaged, seed=5)


def test_a_text_costs_the_same_alone_and_among_others_and_as_measured_on_held_out_text(subject, packaged):
    texts = [SOURCE[:700], "", "a", SOURCE[100:190], SOURCE[5:40]]
    end = end_token(packaged.tokenizer)
    alone = [
        model_bits(packaged.model, encode(packaged.tokenizer, [text.encode()])[:-1], end) if text else 0.0
        for text in texts
    ]
    assert subject.bits(texts) == pytest.approx(alone, rel=1e-5)


def test_the_untrained_twin_is_the_recipes_and_its_own_twin(subject):
    twin, fresh = subject.untrained, new_model(TINY).state_dict()
    assert all(torch.equal(fresh[key], value) for key, value in twin.model.state_dict().items())
    assert twin.untrained is twin
    assert twin.sha256 != subject.sha256


def test_the_hash_is_that_of_the_file(subject, packaged, tmp_path):
    save_package(tmp_path, packaged.model, TINY, packaged.tokenizer)
    assert subject.sha256 == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()


def test_many_rows_at_once_write_what_each_writes_alone(packaged):
    end = end_token(packaged.tokenizer)
    prompts = [[end], [70, 71, 72], [80] * 9, [90, 91] * 5]
    found = go_on(packaged.model, prompts, 12, end=end, seed=1, draw=Draw(temperature=0))
    one_by_one = [generate_ids(packaged, prompt, 12, temperature=0)[len(prompt) :] for prompt in prompts]
    assert found == one_by_one


def test_a_sample_is_the_same_for_the_same_seed(subject):
    first = subject.generate(["def ", ""], tokens=12, seed=3)
    assert first == subject.generate(["def ", ""], tokens=12, seed=3)
    assert first != subject.generate(["def ", ""], tokens=12, seed=4)


def test_where_the_context_is_full_a_row_goes_on_from_its_last_half(packaged):
    never = -1
    written = go_on(packaged.model, [[70]], 80, end=never, seed=1, draw=Draw(temperature=0))[0]
    full = TINY.model.context
    anew = generate_ids(packaged, written[full - full // 2 : full], 1, temperature=0)[-1]
    assert (len(written), written[full]) == (80, anew)


def test_too_many_tokens_are_refused(subject):
    with pytest.raises(Refused):
        subject.generate([""], tokens=100_001, seed=1)
