"""What a facts record holds, path by path, and how each part is known. One of the first format lacks some parts."""

from typing import Any

from fabrica.kit.errors import Refused

FORMATS = ("fabrica-facts-1", "fabrica-facts-2")
DATASET = frozenset(
    {"uri", "title", "description", "provenance", "language", "provider", "sha256", "size_bytes", "file_count", "files",
     "published_at", "licence", "licence_url", "has_personal_data"}
)  # fmt: skip
PARTS: dict[str, frozenset[str]] = {
    "project": frozenset({"slug", "title", "organisation", "purpose"}),
    "code": frozenset({"version", "commit", "is_changed"}),
    "run": frozenset(
        {"uid", "number", "by", "machine", "devices", "attempts", "attempts_ended_because", "started_at", "ended_at"}
    ),
    "training": frozenset(
        {"parameters", "tokens", "loss_first", "loss_last", "tokens_per_second", "training_flops", "text", "device",
         "threads", "versions"}
    ),
    "use": frozenset(
        {"used_gpu_seconds", "planned_seconds", "actual_seconds", "award_gpu_seconds", "energy_wh", "co2e_grams",
         "cloud", "cloud_note", "assumptions"}
    ),
    "recipe": frozenset({"name", "model"}),
    "evaluation": frozenset({"bits_per_byte", "rivals", "held_out", "method"}),
    "battery": frozenset({"results", "summary"}),
    "trust": frozenset({"decision", "labels", "duties", "version", "as_of", "assessed_at"}),
    "statement": frozenset({"version", "by", "at", "declared", "sha256"}),
    "release": frozenset({"prepared_at", "signed_facts_sha256", "statement_sha256", "number", "earlier"}),
}  # fmt: skip
WHOLE = frozenset(
    {"format", "name", "title", "site", "kind", "created_at", "signer", "application", "award", "datasets", "command",
     "sample", "licence", "limits", "compute", *PARTS}
)  # fmt: skip
# The longest path that fits says how a fact is known.
HOW = {
    "": "recorded",
    "statement.declared": "declared",
    "licence": "declared",
    "limits": "declared",
    "evaluation": "measured",
    "battery": "measured",
    "use.energy_wh": "estimated",
    "use.co2e_grams": "estimated",
    "use.assumptions": "recorded",
    "compute": "estimated",
    "training.training_flops": "estimated",
    "trust": "decided",
}


def is_known(path: str, declared: frozenset[str]) -> bool:
    """Whether a record has this path; `declared` are the names of the facts that persons declare."""
    first, _, rest = path.partition(".")
    if first == "statement" and rest.startswith("declared."):
        return rest.removeprefix("declared.") in declared
    return first in WHOLE and (not rest or rest in PARTS.get(first, ()))


def how(path: str) -> str:
    """How what stands there is known: declared, measured, estimated, decided (by the gate), or recorded by the site."""
    steps = path.split(".")
    tails = (".".join(steps[:count]) for count in range(len(steps), -1, -1))
    return next(HOW[tail] for tail in tails if tail in HOW)


def complete(facts: dict[str, Any]) -> dict[str, Any]:
    """The record with every part, None where it has none. Raises Refused for a format this code does not know."""
    if facts.get("format") not in (None, *FORMATS):
        told = str(facts["format"])[:60]
        raise Refused(f"These facts are of the format {told}.", todo="Use a newer version of fabrica.")
    return {**dict.fromkeys(sorted(WHOLE)), **facts}


def at(facts: Any, path: str) -> Any:
    """The value at a dotted path, None where any step is missing."""
    value: Any = facts
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def rows_at(facts: Any, path: str, most: int = 1_000) -> list[dict[str, Any]]:
    """The objects in a list there; what is no object is left out, whoever wrote it."""
    found = at(facts, path)
    return [one for one in found if isinstance(one, dict)][:most] if isinstance(found, list) else []
