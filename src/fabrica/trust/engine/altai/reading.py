"""Data into a checklist. What makes no sense is refused on load, so that no page shows half an item."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from fabrica.kit.facts import source_of
from fabrica.trust.engine.altai.checklist import Checklist, Item, Kind, Requirement, Topic

REQUIREMENTS = 7
GATE = range(20, 31)  # about 25: more is no longer a gate, fewer leave a requirement out
WEIGHTS = (1, 2, 3)
MOST_LETTERS = 300
LANGUAGES = ("", "_fr")
NAMES = {
    "checklist": ("title",),
    "requirement": ("title", "told"),
    "topic": ("title",),
    "item": ("question", "help", "recommendation"),
}
KEYS = {
    "checklist": {"version", "valid_from", "source", "checked_on", "confidence", "requirements", "items"},
    "requirement": {"id", "items", "topics"},
    "topic": {"id"},
    "item": {"id", "topic", "kind", "weight", "gate"},
}


def read(data: Mapping[str, Any]) -> Checklist:
    """A version of the list. Raises ValueError where it makes no sense."""
    rows = data["requirements"]
    requirements = tuple(_requirement(row) for row in rows)
    found = Checklist(
        version=data["version"],
        valid_from=date.fromisoformat(data["valid_from"]),
        source=source_of(dict(data)),
        requirements=requirements,
        items=_items(data["items"], requirements),
        words=_words(data, "checklist"),
    )
    _check(found, {row["id"]: row["items"] for row in rows})
    return found


def _requirement(row: Mapping[str, Any]) -> Requirement:
    topics = tuple(Topic(one["id"], _words(one, "topic")) for one in row["topics"])
    return Requirement(row["id"], topics, _words(row, "requirement"))


def _items(rows: list[Mapping[str, Any]], requirements: tuple[Requirement, ...]) -> tuple[Item, ...]:
    owner = {topic.id: one.id for one in requirements for topic in one.topics}
    if len(owner) != sum(len(one.topics) for one in requirements):
        raise ValueError("a topic stands twice")
    return tuple(_item(row, owner) for row in rows)


def _item(row: Mapping[str, Any], owner: Mapping[str, str]) -> Item:
    if row["topic"] not in owner:
        raise ValueError(f"{row['id']}: there is no topic {row['topic']}")
    if row["weight"] not in WEIGHTS or row.get("gate", True) is not True:
        raise ValueError(f"{row['id']}: a weight is 1, 2 or 3, and gate is true or left out")
    kind, words = Kind(row["kind"]), _words(row, "item")
    return Item(row["id"], owner[row["topic"]], row["topic"], kind, row["weight"], "gate" in row, words)


def _words(row: Mapping[str, Any], what: str) -> dict[str, str]:
    """The words a row must have, in each language, and no key that nobody reads."""
    found = {f"{name}{language}": row.get(f"{name}{language}", "") for name in NAMES[what] for language in LANGUAGES}
    told = row.get("id", what)
    for name, text in found.items():
        if not isinstance(text, str) or not text.strip() or len(text) > MOST_LETTERS:
            raise ValueError(f"{told}: {name} needs 1 to {MOST_LETTERS} letters")
    if odd := set(row) - set(found) - KEYS[what]:
        raise ValueError(f"{told}: nobody reads {', '.join(sorted(odd))}")
    return found


def _check(found: Checklist, counts: Mapping[str, int]) -> None:
    """What only the whole shows."""
    asked = [one.words["question"] for one in found.items]
    if len(found.by_id) != len(found.items) or len(set(asked)) != len(asked):
        raise ValueError("an item stands twice")
    if len(counts) != REQUIREMENTS or len(found.requirements) != REQUIREMENTS:
        raise ValueError("there are seven requirements, each once")
    if counts != Counter(one.requirement for one in found.items):
        raise ValueError("a requirement does not have the items it counts")
    gate = [one for one in found.items if one.is_gate]
    if len(gate) not in GATE or {one.requirement for one in gate} != set(counts):
        raise ValueError("the gate asks some 25 items, and of each requirement")
    if {one.topic for one in found.items} != {topic.id for one in found.requirements for topic in one.topics}:
        raise ValueError("a topic has no items")
