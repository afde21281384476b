"""The model card: one facts record rendered as Markdown. What nobody recorded reads *unknown*; nothing is guessed."""

import json
import re
from collections.abc import Iterator
from typing import Any

from fabrica.kit import units
from fabrica.registry.engine.documents.completing import owed
from fabrica.registry.engine.documents.finding import UNKNOWN, find_by_id, labels_of
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.engine.documents.schema import at, rows_at
from fabrica.registry.engine.documents.values import VERDICTS, is_number
from fabrica.registry.engine.documents.writing import LEGEND, row, safe

NOT_MEASURED = "not measured"
RESULTS_AT_MOST, DUTIES_AT_MOST = 500, 100
RIVALS = {
    "untrained": "the same model, untrained",
    "bigram": "byte bigrams of the same training text",
    "xz": "xz -9 on the same bytes",
}
USE = (
    "intended_use", "out_of_scope", "licence", "acceptable_use", "inputs", "outputs", "languages", "limits", "risks",
    "base_models", "provider_contact",
)  # fmt: skip
OWED = {"yes": "owed", "no": "not owed; given freely", "open": UNKNOWN}


def render_card(facts: dict[str, Any]) -> str:
    """The card of a facts record (docs/operator/documents.md says what else is made of it). Any key may be absent."""
    parts = (_head, _uses, _data, _training, _evaluation, _battery, _sample, _cost, _duties, _provenance, _verifying)
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
    return safe(str(value))


def _lines(*pairs: tuple[str, Any]) -> str:
    return "\n".join(f"- {name}: {known(value)}" for name, value in pairs)


def _seconds(value: Any) -> str | None:
    return units.duration(value) if is_number(value) else None


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
    )
    return f"# {known(facts.get('title'))}\n\n{pairs}"


def _uses(facts: dict[str, Any]) -> str:
    """What a person declared, each marked as that."""
    names = {one.id: one.said("name") for one in table().fields}
    lines = []
    for name in USE:
        found = find_by_id(facts, name)
        mark = f" ({found.how})" if found.text else ""
        lines.append(f"- {names[name]}: {known(found.text)}{mark}")
    return "## Use, limits and risks\n\n" + "\n".join(lines) + f"\n\n{LEGEND}"


def _data(facts: dict[str, Any]) -> str:
    return "\n\n".join(["## Data it was made from", *(_dataset(one) for one in rows_at(facts, "datasets") or [{}])])


def _dataset(one: dict[str, Any]) -> str:
    return f"### {known(one.get('title'))}\n\n" + _lines(
        ("Version", one.get("uri")),
        ("SHA-256", one.get("sha256")),
        ("Licence", one.get("licence")),
        ("Provider", one.get("provider")),
        ("Language", one.get("language")),
        ("Personal data", one.get("has_personal_data")),
    )


def _training(facts: dict[str, Any]) -> str:
    if facts.get("kind") == "command":
        command = json.dumps(facts.get("command"), ensure_ascii=False)
        return f"## How it was made\n\nThe project's own command made it:\n\n{_code(command)}"
    figures = _lines(
        ("Architecture", find_by_id(facts, "architecture_facts").text),
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
    if not isinstance(found, dict) or not found:
        return f"## Evaluation\n\nThis model was {NOT_MEASURED}."
    rivals = (row(known(what), known(bits), known(outcome)) for _key, what, bits, outcome in comparisons(found))
    lines = "\n".join(["| Compared with | bits per byte | outcome |", "| --- | ---: | --- |", *rivals])
    own = f"Bits per byte of held-out text (lower is better): **{known(found.get('bits_per_byte'))}**"
    how = _lines(
        ("Held-out bytes", at(found, "held_out.size_bytes")), ("Held-out SHA-256", at(found, "held_out.sha256"))
    )
    return f"## Evaluation\n\n{own}\n\n{lines}\n\n{how}\n\n{known(found.get('method'))}"


def comparisons(evaluation: dict[str, Any]) -> list[tuple[str, str, Any, str]]:
    """Each rival: its key, what it is, its bits per byte (None: unknown), and `won`, `lost` or `unknown`."""
    found = evaluation.get("rivals")
    outcomes = found if isinstance(found, dict) else {}
    order = [*(one for one in RIVALS if one in outcomes), *sorted(set(outcomes) - set(RIVALS))]
    return [
        (one, RIVALS.get(one, one), evaluation.get(f"bits_per_byte_{one}"), outcomes[one] or UNKNOWN) for one in order
    ]


def _battery(facts: dict[str, Any]) -> str:
    found = rows_at(facts, "battery.results", RESULTS_AT_MOST)
    if not found:
        return "## Battery\n\nWhether this model was measured by the battery is unknown: there are no results."
    heads = ("Probe", "Figure", "Value", "95 % interval", "n", "Untrained or other control", "Threshold", "Verdict")
    lines = [row(*heads), row(*["---"] * len(heads)), *(_result(one) for one in found)]
    told = "\n".join(_notes(found))
    counted = find_by_id(facts, "battery").said
    return (
        f"## Battery\n\n{counted} (measured).{_again(facts)}\n\n" + "\n".join(lines) + (f"\n\n{told}" if told else "")
    )


def _again(facts: dict[str, Any]) -> str:
    """Where it was evaluated more than once: which evaluation the figures are of, and what each of them counted."""
    history = rows_at(facts, "battery.history")
    if not history:
        return ""
    told = [_evaluated(one) for one in history]
    which = known(at(facts, "battery.counts"))
    return f" It was evaluated more than once; these are the figures of evaluation {which}.\n\n" + "\n".join(told)


def _evaluated(one: dict[str, Any]) -> str:
    summary = one.get("summary")
    counted = summary if isinstance(summary, dict) else {}
    told = ", ".join(f"{VERDICTS.get(str(verdict), UNKNOWN)} {known(count)}" for verdict, count in counted.items())
    text = "the training's own text" if one.get("own_text") else "other text"
    facts = (known(one.get(name)) for name in ("number", "at", "version", "profile"))
    return "- Evaluation {}, {}: battery version {}, profile {}, on {}: {}".format(*facts, text, told or UNKNOWN)


def _result(one: dict[str, Any]) -> str:
    unit = f" {known(one['unit'])}" if one.get("unit") else ""
    value, low, high = one.get("value"), one.get("low"), one.get("high")
    return row(
        known(one.get("probe")), known(one.get("name")), f"{known(value)}{unit}" if value is not None else "–",
        f"{known(low)} to {known(high)}" if is_number(low) and is_number(high) else "–", known(one.get("n")),
        known(one["baseline"]) if one.get("baseline") is not None else "–", known(one.get("threshold") or "–"),
        VERDICTS.get(str(one.get("verdict")), UNKNOWN),
    )  # fmt: skip


def _notes(results: list[dict[str, Any]]) -> Iterator[str]:
    for one in results:
        if one.get("note"):
            yield f"- {known(one.get('probe'))}, {known(one.get('name'))}: {known(one['note'])}"


def _sample(facts: dict[str, Any]) -> str:
    if not facts.get("sample"):
        return "## Sample\n\nunknown"
    return f"## Sample\n\nThe model went on from the beginning of a held-out document:\n\n{_code(str(facts['sample']))}"


def _cost(facts: dict[str, Any]) -> str:
    used, energy = at(facts, "use.used_gpu_seconds"), at(facts, "use.energy_wh")
    return "## What it took\n\n" + _lines(
        ("Device-hours", f"{units.gpu_hours(int(used), 3)}" if is_number(used) else None),
        ("Training compute", find_by_id(facts, "flop").text),
        ("Planned time", _seconds(at(facts, "use.planned_seconds"))),
        ("Actual time", _seconds(at(facts, "use.actual_seconds"))),
        ("Energy, estimated, Wh", energy),
        ("CO2e, estimated, g", at(facts, "use.co2e_grams")),
        *((f"Estimated with {known(one.get('name'))}", _assumption(one)) for one in rows_at(facts, "use.assumptions")),
    )


def _assumption(one: dict[str, Any]) -> str:
    return f"{one.get('value')} {one.get('unit')}, {one.get('source')}"


def _duties(facts: dict[str, Any]) -> str:
    """What the gate said of the application, and which documents follow from it."""
    trust = at(facts, "trust")
    labels = ", ".join(sorted(labels_of(at(trust, "labels")))) or ("none" if at(trust, "labels") == [] else None)
    told = _lines(
        ("Decision of the gate", at(trust, "decision")), ("Labels", labels),
        ("Rules", at(trust, "version")), ("As of", at(trust, "as_of") or at(trust, "assessed_at")),
        *((one.words["title"], OWED[owed(facts, one).value]) for one in table().documents if one.owed_with),
    )  # fmt: skip
    listed = "".join(f"\n- {_duty(one)}" for one in rows_at(trust, "duties", DUTIES_AT_MOST))
    duties = f"\n\nDuties (decided):\n{listed}" if listed else ""
    return f"## AI Act\n\n{told}{duties}\n\nDecided from the application's answers; no legal advice."


def _duty(one: dict[str, Any]) -> str:
    certain = "" if one.get("certain", True) is True else ", not certain"
    return f"{known(one.get('text'))} ({known(one.get('ref'))}, from {known(one.get('applies_from'))}{certain})"


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
