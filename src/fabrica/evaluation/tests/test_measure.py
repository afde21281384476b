import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from fabrica.evaluation.bigram import bigram_bits, count_pairs
from fabrica.evaluation.bits import model_bits
from fabrica.evaluation.measure import SampleSettings, measure, sample
from fabrica.trainer.loop import Trainer
from fabrica.trainer.model import new_model
from fabrica.trainer.package import Packaged
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.texts import Split, stream
from fabrica.trainer.tokens import encode, end_token, train_tokenizer

TINY = recipe_from({"name": "tiny", "steps": 40})


@pytest.fixture(scope="module")
def parts():
    source = Path(json.__file__).with_name("decoder.py").read_bytes()
    pieces = [source[at : at + 500] for at in range(0, len(source), 500)]
    return Split(tuple(pieces[4:]), tuple(pieces[:4]))


@pytest.fixture(scope="module")
def tokenizer(parts):
    return train_tokenizer(parts.training, TINY.vocab_size, TINY.tokenizer_bytes)


@pytest.fixture(scope="module")
def trained(parts, tokenizer):
    trainer = Trainer(TINY, encode(tokenizer, parts.training))
    trainer.run(lambda _report: None)
    return trainer.model


@pytest.fixture(scope="module")
def report(parts, tokenizer, trained):
    return measure(
        trained,
        TINY,
        tokenizer,
        parts.held_out,
        pairs=count_pairs(stream(parts.training)),
        tick=lambda _done, _of: None,
    )


@pytest.mark.parametrize("length", [1, 31, 32, 33, 64, 600])
def test_a_model_that_knows_nothing_pays_the_logarithm_of_its_vocabulary(length):
    model = new_model(TINY)
    with torch.no_grad():
        model.embedding.weight.zero_()
    tokens = np.arange(length, dtype=np.int32) % TINY.vocab_size
    assert model_bits(model, tokens, 0) == pytest.approx(length * math.log2(TINY.vocab_size), rel=1e-5)


@pytest.mark.parametrize("length", [5, 32, 70])
def test_each_token_is_paid_for_once_as_by_hand(length):
    model = new_model(TINY)
    tokens = np.random.default_rng(1).integers(0, TINY.vocab_size, length).astype(np.int32)
    before = [7, *tokens.tolist()]
    bits = 0.0
    for place, token in enumerate(tokens.tolist()):
        start = place // TINY.model.context * TINY.model.context
        chances = torch.log_softmax(model(torch.tensor([before[start : place + 1]]))[0, -1].double(), dim=0)
        bits -= chances[token].item() / math.log(2)
    assert model_bits(model, tokens, 7) == pytest.approx(bits, rel=1e-5)


def test_the_work_is_told_and_can_be_stopped(trained):
    told = []
    model_bits(trained, np.zeros(32 * 40 + 1, dtype=np.int32), 0, lambda done, of: told.append((done, of)))
    assert told == [(16, 41), (32, 41), (41, 41)]

    def refuse(_done, _of):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        model_bits(trained, np.zeros(100, dtype=np.int32), 0, refuse)


def test_the_report_counts_every_byte_of_the_held_out_text(report, parts, tokenizer):
    raw = stream(parts.held_out)
    assert report["held_out"] == {
        "size_bytes": sum(map(len, parts.held_out)) + len(parts.held_out),
        "tokens": len(encode(tokenizer, parts.held_out)),
        "documents": 4,
        "sha256": hashlib.sha256(raw).hexdigest(),
    }


def test_the_report_says_what_each_predictor_pays(report, parts, tokenizer, trained):
    raw, tokens = stream(parts.held_out), encode(tokenizer, parts.held_out)
    assert report["bits_per_byte"] == pytest.approx(model_bits(trained, tokens, end_token(tokenizer)) / len(raw))
    untrained = model_bits(new_model(TINY), tokens, end_token(tokenizer)) / len(raw)
    assert report["bits_per_byte_untrained"] == pytest.approx(untrained)
    pairs = count_pairs(stream(parts.training))
    assert report["bits_per_byte_bigram"] == pytest.approx(bigram_bits(pairs, raw) / len(raw))


def test_training_beats_no_training_and_each_rival_is_won_or_lost(report):
    assert report["rivals"]["untrained"] == "won"
    for name, outcome in report["rivals"].items():
        assert outcome == ("won" if report["bits_per_byte"] < report[f"bits_per_byte_{name}"] else "lost")


def test_the_report_is_json_and_names_seed_and_versions(report):
    assert json.loads(json.dumps(report)) == report
    assert report["seed"] == TINY.seed
    assert (
        report["versions"]["torch"] == torch.__version__.split("+")[0]
        or report["versions"]["torch"] == torch.__version__
    )
    assert sorted(report["versions"]) == ["numpy", "python", "safetensors", "tokenizers", "torch"]


def test_a_sample_begins_with_the_document_and_is_the_same_for_the_same_seed(trained, tokenizer, parts):
    packaged = Packaged(trained, tokenizer)
    settings = SampleSettings(tokens=20, prompt_bytes=40)
    first = sample(packaged, parts.held_out[1], 5, settings)
    assert first.startswith(parts.held_out[1][:40].decode())
    assert first == sample(packaged, parts.held_out[1], 5, settings)
    assert first != sample(packaged, parts.held_out[1], 6, settings)
