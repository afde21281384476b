"""A small model's folder as a run leaves it, and the facts about it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fabrica.registry.engine import sign_folder

EVALUATION = {
    "bits_per_byte": 2.25,
    "bits_per_byte_untrained": 8.01,
    "bits_per_byte_bigram": 3.4,
    "bits_per_byte_xz": 2.1,
    "rivals": {"untrained": "won", "bigram": "won", "xz": "lost"},
    "held_out": {"size_bytes": 20_000, "sha256": "ab" * 32},
    "method": "Bits per byte of held-out text.",
}
FACTS = {
    "name": "reader-demo@1",
    "title": "Reader",
    "kind": "train",
    "datasets": [{"uri": "fabrica:python-stdlib@1", "sha256": "cd" * 32, "licence": "PSF-2.0", "title": "Python"}],
    "recipe": {"name": "demo", "steps": 40},
    "evaluation": EVALUATION,
    "sample": "def f():\n    return 1\n",
}
FILES = {"model.safetensors": b"\x00\x01weights", "tokenizer.json": b"{}", "nested/config.json": b"{}\n"}


def unsigned_folder(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    """The files alone."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def signed_folder(folder: Path, key: Ed25519PrivateKey) -> Path:
    """The files, signed."""
    sign_folder(unsigned_folder(folder), FACTS, key)
    return folder
