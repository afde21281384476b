"""The report on a model: its bits per byte on held-out text against three rivals, each won or lost."""

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from tokenizers import Tokenizer

from fabrica.evaluation.bigram import Counts, bigram_bits
from fabrica.evaluation.bits import model_bits
from fabrica.evaluation.compress import xz_bits
from fabrica.trainer.model import Model, new_model
from fabrica.trainer.package import Packaged, generate_ids
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.texts import stream
from fabrica.trainer.tokens import decode, encode, end_token

Tick = Callable[[int, int], None]
METHOD = (
    "Bits per byte of held-out text, each document followed by one NUL byte that every predictor pays for. The model "
    "sees non-overlapping pieces of its context and the one token before. Untrained: the same model before training "
    "(weights N(0, 0.02), same seed). Bigram: byte pairs of the same training text, add-one smoothing. xz: xz -9 of "
    "the same bytes."
)


@dataclass(frozen=True)
class SampleSettings:
    """How a sample is drawn."""

    tokens: int = 200
    temperature: float = 0.8
    top_k: int = 50
    prompt_bytes: int = 80


def versions() -> dict[str, str]:
    """The versions that a figure depends on."""
    names = ("numpy", "safetensors", "tokenizers", "torch")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def measure(
    model: Model, recipe: Recipe, tokenizer: Tokenizer, held_out: tuple[bytes, ...], *, pairs: Counts, tick: Tick
) -> dict[str, Any]:
    """The content of evaluation.json for a trained model; `pairs` are the training text's byte pairs.

    `tick(done, of)` is called between pieces of work and may raise to stop.
    """
    text, tokens, end = stream(held_out), encode(tokenizer, held_out), end_token(tokenizer)
    half: Tick = lambda done, of: tick(done, 2 * of)  # noqa: E731 - two uses of one shape
    rest: Tick = lambda done, of: tick(of + done, 2 * of)  # noqa: E731 - the same
    bits = {
        "model": model_bits(model, tokens, end, half),
        "untrained": model_bits(new_model(recipe), tokens, end, rest),
        "bigram": bigram_bits(pairs, text),
        "xz": xz_bits(text),
    }
    value = {name: cost / len(text) for name, cost in bits.items()}
    rivals = ("untrained", "bigram", "xz")
    return {
        "bits_per_byte": value["model"],
        **{f"bits_per_byte_{name}": value[name] for name in rivals},
        "rivals": {name: "won" if value["model"] < value[name] else "lost" for name in rivals},
        "held_out": {
            "size_bytes": len(text),
            "tokens": len(tokens),
            "documents": len(held_out),
            "sha256": hashlib.sha256(text).hexdigest(),
        },
        "context_tokens": recipe.model.context,
        "method": METHOD,
        "seed": recipe.seed,
        "device": next(model.parameters()).device.type,
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }


def sample(packaged: Packaged, document: bytes, seed: int, settings: SampleSettings | None = None) -> str:
    """The beginning of a document, and how the model goes on from there; the same for the same seed."""
    how = settings or SampleSettings()
    prompt = document[: how.prompt_bytes].decode(errors="ignore")
    ids = packaged.tokenizer.encode(prompt, add_special_tokens=False).ids
    packaged.model.to("cpu").eval()
    top_k = min(how.top_k, packaged.model.vocab_size)
    found = generate_ids(packaged, ids, how.tokens, temperature=how.temperature, top_k=top_k, seed=seed)
    return decode(packaged.tokenizer, found)
