"""A site's own modes: read as strictly as the shipped ones, and one version compared with another. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fabrica.calls.engine import saying
from fabrica.calls.engine.answer import mode_as_dict
from fabrica.calls.engine.terms import Terms, terms_from
from fabrica.kit.facts import source_of

MAX_BYTES = 60_000
KEYS = ("key", "code", "title", "for_whom", "source", "checked_on", "confidence", "rules", "prepare", "facts")
TEXTS = {"title": 60, "for_whom": 300, "source": 300}
LISTS = ("rules", "prepare", "facts")
NEEDED = ("unit", "months", "renewals", "systems", "opening", "steps", "clock", "price", "pool", "extension")
ENTRY = {
    "rules": {"id", "text", "text_fr", "needs", "is_advice", "source", "checked_on", "confidence"},
    "prepare": {"id", "text", "text_fr", "when", "source", "checked_on", "confidence"},
    "facts": {"id", "value", "source", "checked_on", "confidence"},
}
SLUG, CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"), re.compile(r"[A-Z]{2,4}")
MOST_ENTRIES, MOST_SLUG, MOST_TEXT = 60, 40, 500


def told_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody wrote of a mode: the row without what is worked out of it."""
    return {key: row[key] for key in KEYS if key in row}


def checked(row: Any) -> dict[str, Any]:
    """The row of a site's own mode. Raises ValueError, in words, for what a shipped mode could not say either."""
    if not isinstance(row, Mapping) or set(row) != set(KEYS):
        raise ValueError(f"a mode has exactly these keys: {', '.join(KEYS)}")
    if len(json.dumps(row)) > MAX_BYTES:
        raise ValueError(f"a mode takes at most {MAX_BYTES} bytes")
    _check_names(row)
    for name in LISTS:
        _check_entries(row[name], name)
    try:
        source_of(dict(row))
        terms = terms_from(row)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"a mode that lacks something or makes no sense: {error}") from error
    _check_figures(terms)
    return dict(row)


def _check_names(row: Mapping[str, Any]) -> None:
    key, code = row["key"], row["code"]
    if not isinstance(key, str) or len(key) > MOST_SLUG or not SLUG.fullmatch(key):
        raise ValueError("key: small letters, digits and single hyphens, a letter first, at most 40")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise ValueError("code: two to four capital letters")
    for name, most in TEXTS.items():
        if not isinstance(row[name], str) or not 0 < len(row[name].strip()) <= most:
            raise ValueError(f"{name}: words, at most {most} letters")


def _check_entries(entries: Any, name: str) -> None:
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise ValueError(f"{name}: a list of at most {MOST_ENTRIES}")
    for one in entries:
        if not isinstance(one, Mapping) or not set(one) <= ENTRY[name] or not isinstance(one.get("id"), str):
            raise ValueError(f"{name}: each has an id and no keys but {', '.join(sorted(ENTRY[name]))}")
        texts = [one.get(key, "") for key in ("id", "text", "text_fr", "source")]
        if any(not isinstance(text, str) or len(text) > MOST_TEXT for text in texts) or not one.get("source"):
            raise ValueError(f"{name}: words have at most {MOST_TEXT} letters, and each has its source")


def _check_figures(terms: Terms) -> None:
    if lacks := [one for one in NEEDED if one not in terms.figures]:
        raise ValueError(f"facts: {', '.join(lacks)} must stand there, with null where it is not known")
    least = terms.value("size_at_least") or terms.value("size_above") or 0
    most, package = terms.value("size_at_most"), terms.value("package")
    if package and (least or most):
        raise ValueError("facts: one fixed package stands instead of a least and a most")
    if terms.value("size_at_least") and terms.value("size_above"):
        raise ValueError("facts: the least is either size_at_least or size_above")
    if most and least >= most:
        raise ValueError("facts: the least size lies below the most")
    if terms.value("answer_working_days") and terms.value("price") == "market":
        raise ValueError("facts: an award at the market price is ordered before it is made, and needs no other answer")


@dataclass(frozen=True)
class Difference:
    """Something that two versions of a mode say differently; empty where one does not say it."""

    label: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any], voice: saying.Voice) -> list[Difference]:
    """What the later version of a mode says otherwise, in the order of its page."""
    old, new = (dict(_told(one, voice)) for one in (before, after))
    named = {**old, **new}
    return [
        Difference(label, old.get((kind, label), ""), new.get((kind, label), ""))
        for kind, label in named
        if old.get((kind, label)) != new.get((kind, label))
    ]


def _told(row: Mapping[str, Any], voice: saying.Voice) -> Iterator[tuple[tuple[str, str], str]]:
    told = mode_as_dict(terms_from(row), voice)
    for name in ("title", "code", "for_whom"):
        yield ("name", voice.translate(saying.NAMES[name])), str(row[name])
    for one in told["figures"]:
        yield ("figure", one["label"]), f"{one['text']} ({_source(one)})"
    for name in ("rules", "prepare"):
        for one in told[name]:
            label = voice.translate(saying.NAMES[name])
            yield (name, f"{label}: {one['id']}"), f"{one['text']} ({_source(one)})"


def _source(told: Mapping[str, Any]) -> str:
    return f"{told['source']}, {told['checked_on']}, {told['confidence']}"


def blank(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A mode of which nothing is said yet but what holds in all of these."""
    names = ("key", "code", "title", "for_whom", "source", "checked_on")
    shared = {name: _in_all(list(rows.values()), name) for name in ("rules", "prepare")}
    return {**dict.fromkeys(names, ""), "confidence": "A", **shared, "facts": []}


def _in_all(rows: list[Mapping[str, Any]], name: str) -> list[Any]:
    """The entries that each row has, as the first one has them."""
    shared = [{one["id"] for one in row[name]} for row in rows]
    return [one for one in rows[0][name] if all(one["id"] in ids for ids in shared)] if rows else []
