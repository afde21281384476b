import pytest

from fabrica.trainer.recipe import named, recipe_from, to_dict
from fabrica.trainer.texts import read_texts, split
from fabrica.trainer.tokens import encode, train_tokenizer


@pytest.fixture
def text_folder(tmp_path):
    """Thirty small documents of real text: pieces of the json module's source."""
    import json as module
    from pathlib import Path

    source = "".join(path.read_text() for path in sorted(Path(module.__file__).parent.glob("*.py")))
    folder = tmp_path / "texts"
    folder.mkdir()
    size = len(source) // 30
    for number in range(30):
        (folder / f"{number:02d}.txt").write_text(source[number * size : (number + 1) * size])
    return folder


@pytest.fixture
def tiny():
    return recipe_from(to_dict(named("tiny")), ["steps=12", "checkpoint_every=4"])


@pytest.fixture
def parts(text_folder, tiny):
    return split(read_texts([text_folder]).documents, tiny.held_out_share, tiny.held_out_bytes)


@pytest.fixture
def tokenizer(parts, tiny):
    return train_tokenizer(parts.training, tiny.vocab_size, tiny.tokenizer_bytes)


@pytest.fixture
def tokens(tokenizer, parts):
    return encode(tokenizer, parts.training)
