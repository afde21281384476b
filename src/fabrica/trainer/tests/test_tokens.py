import numpy as np
import pytest

from fabrica.kit.errors import Refused
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.order import batch_at
from fabrica.trainer.tokens import (
    _sample,
    decode,
    encode,
    end_token,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
)


def test_every_text_survives_encoding(tokenizer):
    for text in ("def f(x):\n\treturn x  # ok\r\n", "naïve – 日本語 🙂", "<|end|> [UNK] </s>", "  \n\n  ", "\x01\x7f"):
        ids = [int(one) for one in encode(tokenizer, [text.encode()])]
        assert decode(tokenizer, ids) == text


def test_each_document_ends_with_one_end_token(tokenizer):
    ids = encode(tokenizer, [b"one", b"two", b"three"])
    assert int((ids == end_token(tokenizer)).sum()) == 3
    assert ids[-1] == end_token(tokenizer)


def test_the_end_token_is_met_nowhere_else(tokenizer, parts):
    ids = encode(tokenizer, parts.training)
    assert int((ids == end_token(tokenizer)).sum()) == len(parts.training)


def test_tokens_stay_below_the_vocabulary(tokens, tiny):
    assert 0 <= tokens.min() and tokens.max() < tiny.vocab_size
    assert tokens.dtype == np.int32


def test_the_same_text_gives_the_same_tokenizer(parts, tiny, tokenizer):
    again = train_tokenizer(parts.training, tiny.vocab_size, tiny.tokenizer_bytes)
    assert again.to_str() == tokenizer.to_str()


@pytest.mark.parametrize("limit", [10_000, 20_000, 10**9])
def test_a_sample_keeps_its_limit_and_is_spread(limit):
    documents = [bytes([65 + number % 26]) * 700 for number in range(100)]
    pieces = list(_sample(documents, limit))
    size = sum(map(len, pieces))
    assert 0.9 * min(limit, 70_000) <= size <= limit
    assert pieces[-1][0] in "STUV" and len({piece[0] for piece in pieces}) >= 13


def test_a_tokenizer_is_read_back(tokenizer, tmp_path):
    save_tokenizer(tokenizer, tmp_path / "tokenizer.json")
    assert load_tokenizer(tmp_path / "tokenizer.json").to_str() == tokenizer.to_str()


def test_a_broken_tokenizer_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(Refused):
        load_tokenizer(tmp_path / "tokenizer.json")
    with pytest.raises(Refused):
        load_tokenizer(tmp_path / "missing.json")


def test_a_step_sees_the_same_tokens_whenever_it_is_asked(tokens, tiny):
    first = batch_at(tokens, tiny, 5)
    for step in range(200):
        batch_at(tokens, tiny, step)
    again = batch_at(tokens, tiny, 5)
    assert first[0].equal(again[0]) and first[1].equal(again[1])


def test_targets_are_the_inputs_moved_by_one(tokens, tiny):
    inputs, targets = batch_at(tokens, tiny, 3)
    assert inputs.shape == targets.shape == (tiny.batch, tiny.model.context)
    assert inputs[:, 1:].equal(targets[:, :-1])


def test_one_pass_shows_each_window_once(tiny):
    tokens = np.arange(10 * 32 + 1, dtype=np.int32)
    recipe = recipe_from({"name": "tiny", "batch": 1})
    starts = [int(batch_at(tokens, recipe, step)[0][0, 0]) for step in range(9)]
    offset = min(starts)
    assert sorted(starts) == [offset + 32 * place for place in range(9)]
    assert offset < 32


def test_another_seed_gives_another_order(tokens, tiny):
    other = recipe_from({"name": "tiny", "seed": 2})
    assert not batch_at(tokens, tiny, 0)[0].equal(batch_at(tokens, other, 0)[0])


def test_too_few_tokens_are_refused(tiny):
    with pytest.raises(Refused):
        batch_at(np.zeros(33, dtype=np.int32), tiny, 0)
