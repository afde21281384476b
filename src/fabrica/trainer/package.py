"""The trained model as files that anyone can load: safetensors, tokenizer.json, config.json."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from tokenizers import Tokenizer

from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic
from fabrica.trainer.model import Model
from fabrica.trainer.reading import read_into
from fabrica.trainer.recipe import ModelShape, Recipe
from fabrica.trainer.sizes import parameter_count
from fabrica.trainer.tokens import end_token, load_tokenizer

WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"
ARCHITECTURE = "fabrica-decoder-1"


@dataclass(frozen=True)
class Packaged:
    """A model and its tokenizer, ready to generate."""

    model: Model
    tokenizer: Tokenizer


def config_of(recipe: Recipe, tokenizer: Tokenizer) -> dict[str, Any]:
    """What config.json says: enough to build the model without the recipe."""
    return {
        "architecture": ARCHITECTURE,
        "model": asdict(recipe.model),
        "vocab_size": recipe.vocab_size,
        "end_token": end_token(tokenizer),
        "parameters": parameter_count(recipe),
        "dtype": "float32",
        "tied_embedding": True,
    }


def save_package(folder: Path, model: Model, recipe: Recipe, tokenizer: Tokenizer) -> None:
    """Write weights, tokenizer and config into `folder`, each whole or not at all."""
    weights = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    write_atomic(folder / WEIGHTS, save(weights, metadata={"format": "pt"}))
    write_atomic(folder / TOKENIZER, tokenizer.to_str())
    write_atomic(folder / CONFIG, json.dumps(config_of(recipe, tokenizer), indent=2) + "\n")


def load_model(folder: Path) -> Packaged:
    """The model that `save_package` wrote, on the processor, in evaluation mode. Raises Refused if it is broken."""
    try:
        config = json.loads((folder / CONFIG).read_bytes())
        if config["architecture"] != ARCHITECTURE:
            raise Refused(f"{folder / CONFIG} describes {config['architecture']!r}.", why=f"This reads {ARCHITECTURE}.")
        shape = read_into(ModelShape(), config["model"], "model")
        model = Model(shape, read_into(Recipe(), {"vocab_size": config["vocab_size"]}, "").vocab_size)
        model.load_state_dict(load((folder / WEIGHTS).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as problem:
        raise Refused(
            f"The model in {folder} cannot be read.",
            why=f"{type(problem).__name__}: {problem}"[:300],
            todo="Download it again, and verify its manifest.",
        ) from problem
    return Packaged(model.eval(), load_tokenizer(folder / TOKENIZER))


@torch.inference_mode()
def generate_ids(
    packaged: Packaged, prompt: list[int], tokens: int, *, temperature: float = 0.8, top_k: int = 50, seed: int = 1
) -> list[int]:
    """`prompt` and up to `tokens` more tokens, drawn by `seed`; stops at the end token (not returned).

    `temperature` 0 takes the likeliest token; `top_k` draws among that many. Raises Refused out of bounds.
    """
    model = packaged.model
    limits = f"tokens 1 to 100000, temperature 0 to 10, top_k 1 to {model.vocab_size}"
    if not (1 <= tokens <= 100_000 and 0 <= temperature <= 10 and 1 <= top_k <= model.vocab_size):  # noqa: PLR2004 - in the message
        raise Refused("These settings for generating are out of bounds.", why=f"Bounds: {limits}.")
    end = end_token(packaged.tokenizer)
    dice = torch.Generator().manual_seed(seed)
    found = list(prompt) or [end]
    for _ in range(tokens):
        last = torch.tensor([found[-model.shape.context :]])
        best, which = model(last)[0, -1].float().topk(top_k if temperature else 1)
        chances = torch.softmax(best / (temperature or 1.0), dim=0)
        new = int(which[torch.multinomial(chances, 1, generator=dice)])
        if new == end:
            break
        found.append(new)
    return found if prompt else found[1:]
