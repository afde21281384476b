"""The model card: one facts record rendered as Markdown. What nobody recorded reads *unknown*; nothing is guessed."""

import json
import re
from collections.abc import Iterator
from typing import Any

from fabrica.kit import units

UNKNOWN = "unknown"
NOT_MEASURED = "not measured"
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
RIVALS = {
    "untrained": "the same model, untrained",
    "bigram": "byte bigrams of the same training text",
    "xz": "xz -9 on the same bytes",
}


def render_card(facts: dict[str, Any]) -> str:
    """The card of a facts record (docs/operator/keys.md says what else lies beside it). Any key may be absent."""
    parts = (_head, _data, _training, _evaluation, _sample, _use, _provenance, _verifying)
    return "\n\n".join(part(facts) for part in parts) + "\n"


def known(value: Any) -> str:
    """A value as text that Markdown leaves alone; `unknown` for what is not there."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def at(facts: dict[str, Any], path: str) -> Any:
    """The value at a dotted path, None where any step is missing."""
    value: Any = facts
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _lines(*pairs: tuple[str, Any]) -> str:
    return "\n".join(f"- {name}: {known(value)}" for name, value in pairs)


def _seconds(value: Any) -> str | None:
    return None if value is None else units.duration(value)


def _code(text: str) -> str:
    """A block of code whose fence is longer than any run of backticks inside."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _head(facts: dict[str, Any]) -> str:
    pairs = _lines(
        ("Name", facts.get("name")),
        ("Made by", at(facts, "project.organisation")),
        ("For", at(facts, "project.purpose")),
        ("Registered at", facts.get("created_at")),
        ("Site", facts.get("site")),
        ("Licence of the model", facts.get("licence")),
        ("Known limits", facts.get("limits")),
    )
    return f"# {known(facts.get('title'))}\n\n{pairs}"


def _data(facts: dict[str, Any]) -> str:
    return "\n\n".join(["## Data it was made from", *(_dataset(one) for one in facts.get("datasets") or [{}])])


def _dataset(one: dict[str, Any]) -> str:
    return f"### {known(one.get('title'))}\n\n" + _lines(
        ("Version", one.get("uri")),
        ("SHA-256", one.get("sha256")),
        ("Licence", one.get("licence")),
        ("Provider", one.get("provider")),
        ("Personal data", one.get("has_personal_data")),
    )


def _training(facts: dict[str, Any]) -> str:
    if facts.get("kind") == "command":
        command = json.dumps(facts.get("command"), ensure_ascii=False)
        return f"## How it was made\n\nThe project's own command made it:\n\n{_code(command)}"
    figures = _lines(
        ("Parameters", at(facts, "training.parameters")),
        ("Training tokens", at(facts, "training.tokens")),
        ("Loss at the first step, nats per token", at(facts, "training.loss_first")),
        ("Loss at the last step, nats per token", at(facts, "training.loss_last")),
        ("Tokens per second", at(facts, "training.tokens_per_second")),
    )
    recipe = _code(json.dumps(facts.get("recipe"), indent=2)) if facts.get("recipe") else UNKNOWN
    return f"## How it was trained\n\n{figures}\n\n### Recipe\n\n{recipe}"


def _evaluation(facts: dict[str, Any]) -> str:
    found = facts.get("evaluation")
    if not found:
        return f"## Evaluation\n\nThis model was {NOT_MEASURED}."
    table = "\n".join(
        ["| Compared with | bits per byte | outcome |", "| --- | ---: | --- |", *_comparisons(found)],
    )
    own = f"Bits per byte of held-out text (lower is better): **{known(found.get('bits_per_byte'))}**"
    how = _lines(
        ("Held-out bytes", at(found, "held_out.size_bytes")), ("Held-out SHA-256", at(found, "held_out.sha256"))
    )
    return f"## Evaluation\n\n{own}\n\n{table}\n\n{how}\n\n{known(found.get('method'))}"


def comparisons(evaluation: dict[str, Any]) -> list[tuple[str, str, Any, str]]:
    """Each rival: its key, what it is, its bits per byte (None: unknown), and `won`, `lost` or `unknown`."""
    outcomes = evaluation.get("rivals") or {}
    order = [*(one for one in RIVALS if one in outcomes), *sorted(set(outcomes) - set(RIVALS))]
    return [
        (one, RIVALS.get(one, one), evaluation.get(f"bits_per_byte_{one}"), outcomes[one] or UNKNOWN) for one in order
    ]


def _comparisons(evaluation: dict[str, Any]) -> Iterator[str]:
    for _key, what, bits, outcome in comparisons(evaluation):
        yield f"| {known(what)} | {known(bits)} | {known(outcome)} |"


def _sample(facts: dict[str, Any]) -> str:
    if not facts.get("sample"):
        return "## Sample\n\nunknown"
    return f"## Sample\n\nThe model went on from the beginning of a held-out document:\n\n{_code(facts['sample'])}"


def _use(facts: dict[str, Any]) -> str:
    used, energy = at(facts, "use.used_gpu_seconds"), at(facts, "use.energy_wh")
    return "## What it took\n\n" + _lines(
        ("Device-hours", None if used is None else f"{units.gpu_hours(used, 3)}"),
        ("Planned time", _seconds(at(facts, "use.planned_seconds"))),
        ("Actual time", _seconds(at(facts, "use.actual_seconds"))),
        ("Energy, estimated, Wh", energy),
        ("CO2e, estimated, g", at(facts, "use.co2e_grams")),
        *((f"Estimated with {one.get('name')}", _assumption(one)) for one in at(facts, "use.assumptions") or []),
    )


def _assumption(one: dict[str, Any]) -> str:
    return f"{one.get('value')} {one.get('unit')}, {one.get('source')}"


def _provenance(facts: dict[str, Any]) -> str:
    return "## Where it comes from\n\n" + _lines(
        ("Application", facts.get("application")),
        ("Award", facts.get("award")),
        ("Project", at(facts, "project.slug")),
        ("Run", at(facts, "run.uid")),
        ("Number of the run in its project", at(facts, "run.number")),
        ("Attempts", at(facts, "run.attempts")),
        ("Machine", at(facts, "run.machine")),
        ("Code", f"fabrica {at(facts, 'code.version') or UNKNOWN}"),
        ("Commit", at(facts, "code.commit")),
    )


def _verifying(facts: dict[str, Any]) -> str:
    return (
        "## How to verify it\n\n"
        "manifest.json lists every file with its SHA-256; manifest.sig is the Ed25519 signature over it. Get the "
        "fingerprint of the site's key by a way other than these files, then run\n\n"
        f"{_code('fabrica models verify FOLDER --fingerprint ' + str(facts.get('signer') or UNKNOWN))}"
    )
