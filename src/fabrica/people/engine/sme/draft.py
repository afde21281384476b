"""What a person enters step by step, and the file's document that comes of it.

A draft is a document of the format without its head: `enterprises` (the first is the organisation itself, `self`),
`links`, `jointly`, `category_before`, `owner_changed`, and `numbers`, by which others may be known elsewhere.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Source, load, source_of
from fabrica.people.engine.sme.graph import Ownership
from fabrica.people.engine.sme.reading import FORMAT, read

SELF = "self"
MAX_OTHERS = 200
MAX_MONTHS = 120
Draft = dict[str, Any]
Node = dict[str, Any]


@dataclass(frozen=True)
class Term:
    """How long a declaration may be relied on."""

    months: int
    source: Source

    def until(self, day: date) -> date:
        """The last day; in a shorter month its last."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        return _last_within(year, month + 1, day.day)


def term() -> Term:
    """The product's own."""
    loaded = load("fabrica.people", "sme-declaration.json")
    months = loaded["valid_months"]
    if type(months) is not int or not 0 < months <= MAX_MONTHS:
        raise ValueError("valid_months is no number of months")
    return Term(months, source_of(loaded))


def _last_within(year: int, month: int, day: int) -> date:
    for one in range(day, 27, -1):
        try:
            return date(year, month, one)
        except ValueError:
            continue
    return date(year, month, day)


def empty() -> Draft:
    """A draft in which nothing is entered."""
    return {"enterprises": [{"id": SELF}], "links": []}


def document(draft: Draft, *, name: str, country: str, as_of: date) -> Draft:
    """The whole document for a day. Own name and country are the organisation's."""
    first, *others = draft["enterprises"]
    head = {"format": FORMAT, "as_of": as_of.isoformat(), "applicant": SELF}
    rest = {key: value for key, value in draft.items() if key not in ("enterprises", "numbers") and value}
    return {**head, **rest, "enterprises": [{**first, "name": name, "country": country}, *others]}


def canonical(content: Any) -> bytes:
    """The one way to write it, which is hashed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: Any) -> str:
    """The SHA-256 of a document."""
    return hashlib.sha256(canonical(content)).hexdigest()


def draft_of(loaded: Mapping[str, Any]) -> Draft:
    """A draft of a document that could be read: its applicant becomes `self`, whatever had that id gives way."""
    names = {loaded["applicant"]: SELF, **({SELF: f"{SELF}.other"} if loaded["applicant"] != SELF else {})}

    def name(key: str) -> str:
        return names.get(key, key)

    nodes = [{**one, "id": name(one["id"]), **_inside(one, name)} for one in loaded["enterprises"]]
    own = next(one for one in nodes if one["id"] == SELF)
    kept = {key: value for key, value in own.items() if key not in ("name", "country")}
    rest = {key: loaded[key] for key in ("category_before", "owner_changed", "adjacent_markets") if key in loaded}
    return {
        **rest,
        "enterprises": [kept, *(one for one in nodes if one is not own)],
        "links": [{**one, "holder": name(one["holder"]), "held": name(one["held"])} for one in loaded.get("links", [])],
        "jointly": [[name(one) for one in group] for group in loaded.get("jointly", [])],
    }


def draft_from(raw: bytes) -> Draft:
    """The draft in a file's content. Raises Refused."""
    read(raw)
    return draft_of(json.loads(raw, parse_float=str))


def _inside(one: Node, name: Callable[[str], str]) -> Node:
    inside = [
        name(each) if isinstance(each, str) else {**each, "id": name(each["id"])}
        for each in one.get("consolidates") or []
    ]
    return {"consolidates": inside} if inside else {}


def checked(draft: Draft, *, name: str, country: str, as_of: date) -> Draft:
    """The draft itself, if it could be assessed once the accounts are entered. Raises Refused."""
    if len(draft["enterprises"]) > MAX_OTHERS + 1:
        raise Refused(f"{MAX_OTHERS} others are the most.", todo="Leave out what is far away.")
    whole = document(draft, name=name, country=country, as_of=as_of)
    first, *others = whole["enterprises"]
    if not first.get("years"):
        whole |= {"enterprises": [{**first, "years": [{"year": as_of.year - 1}]}, *others], "category_before": ""}
    read(canonical(whole))
    return draft


def is_started(draft: Draft) -> bool:
    """Whether the accounts are there, without which nothing is assessed."""
    return bool(draft["enterprises"][0].get("years"))


def node(draft: Draft, key: str) -> Node | None:
    """An enterprise of the draft."""
    return next((one for one in draft["enterprises"] if one["id"] == key), None)


def with_own(draft: Draft, own: Mapping[str, Any], head: Mapping[str, Any]) -> Draft:
    """The draft with other facts of the organisation itself."""
    first = {"id": SELF, **{key: value for key, value in own.items() if value not in (None, "", [])}}
    return {**draft, **head, "enterprises": [first, *draft["enterprises"][1:]]}


def free_key(draft: Draft) -> str:
    """An id that none of the draft has."""
    taken = {one["id"] for one in draft["enterprises"]}
    return next(f"e{number}" for number in range(1, len(taken) + 2) if f"e{number}" not in taken)


def with_other(draft: Draft, other: Node, number: str) -> Draft:
    """The draft with this other in the place of the one with its id, or behind all."""
    kept = [one for one in draft["enterprises"] if one["id"] != other["id"]]
    place = next((at for at, one in enumerate(draft["enterprises"]) if one["id"] == other["id"]), len(kept))
    numbers = {**draft.get("numbers", {}), other["id"]: number}
    return {
        **draft,
        "enterprises": [*kept[:place], other, *kept[place:]],
        "numbers": {key: value for key, value in numbers.items() if value},
    }


def with_link(draft: Draft, link: Node | None, *, instead: Iterable[tuple[str, str]] = ()) -> Draft:
    """The draft with this link, in the place of any between the same two and of those named."""
    gone = {*instead, *([(link["holder"], link["held"])] if link else [])}
    kept = [one for one in draft["links"] if (one["holder"], one["held"]) not in gone]
    return {**draft, "links": [*kept, *([link] if link else [])]}


def without(draft: Draft, key: str) -> Draft:
    """The draft without another, and without all that hangs on it."""
    nodes = [
        {**one, "consolidates": [each for each in one.get("consolidates", []) if each != key]}
        for one in draft["enterprises"]
        if one["id"] != key or key == SELF
    ]
    jointly = [[each for each in group if each != key] for group in draft.get("jointly", [])]
    return {
        **draft,
        "enterprises": nodes,
        "links": [one for one in draft["links"] if key not in (one["holder"], one["held"])],
        "jointly": [group for group in jointly if len(group) > 1],
        "numbers": {one: number for one, number in draft.get("numbers", {}).items() if one != key},
    }


def whole(draft: Draft, *, name: str, country: str, as_of: date) -> tuple[Draft, Ownership]:
    """The document and the graph it holds. Raises Refused."""
    made = document(draft, name=name, country=country, as_of=as_of)
    return made, read(canonical(made))
