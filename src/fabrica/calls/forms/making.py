"""From what was typed about a mode to its row. A figure that says what it said keeps its own source and day."""

from collections.abc import Iterator, Mapping
from typing import Any

from fabrica.calls.engine import library
from fabrica.calls.engine.own import NEEDED

Data = Mapping[str, Any]
SIZES = ("package", "size_at_least", "size_above", "size_at_most", "inference_percent_at_most")
NOT_ASKED = ("menu",)
NAMES = ("key", "code", "title", "for_whom")


def row_from(data: Data, base: Data, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The row: names, source, rules, papers and figures."""
    source = {
        "source": data["source"], "checked_on": data["checked_on"].isoformat(), "confidence": data["confidence"],
    }  # fmt: skip
    return {
        **{name: data[name] for name in NAMES},
        **source,
        "rules": [*(dict(entries["rules"][key]) for key in data["rules"]), *_own_rules(data, base, source)],
        "prepare": [*(dict(entries["prepare"][key]) for key in data["prepare"]), *_own_papers(data, base, source)],
        "facts": list(_figures(data, base, source)),
    }


def _own_rules(data: Data, base: Data, source: Data) -> Iterator[Any]:
    for identity, fact, name, words in (
        (library.OWN_ORGANISATIONS, "organisation", "organisations", library.ORGANISATIONS),
        (library.OWN_AIMS, "aim", "aims", library.AIMS),
    ):
        if data[name]:
            yield _kept(base["rules"], library.one_of(identity, fact, data[name], words, source), "needs")


def _own_papers(data: Data, base: Data, source: Data) -> Iterator[Any]:
    if data["own_paper"]:
        told = {"text": data["own_paper"], "text_fr": data["own_paper_fr"]}
        yield _kept(base["prepare"], {"id": library.OWN_PAPER, **told, **source}, "text", "text_fr")


def _figures(data: Data, base: Data, source: Data) -> Iterator[Any]:
    values = {**_asked(data), **_unasked(base)}
    before = {one["id"]: one for one in base["facts"]}
    for name in dict.fromkeys([*before, *values]):
        if name in values:
            value = _with_what_was(name, values[name], before.get(name, {}).get("value"))
            yield _kept(base["facts"], {"id": name, "value": value, **_sure(value, source)}, "value")


def _asked(data: Data) -> dict[str, Any]:
    """The values of the figures that the form asks for; sizes that are not said are left out."""
    sizes = {name: data[name] for name in SIZES if data[name] is not None}
    if data["answer_working_days"] is not None:
        sizes["answer_working_days"] = data["answer_working_days"]
    return {"unit": data["unit"], **sizes, "months": data["months"], "systems": data["systems"], **_worded(data)}


def _worded(data: Data) -> dict[str, Any]:
    days = {"how": "cut_offs", "time": None, "zone": None, "dates": data["dates"]}
    if data["time"]:
        days |= {"time": f"{data['time']:%H:%M}", "zone": data["zone"]}
    return {
        "opening": days if data["how"] == "cut_offs" else {"how": "first_come"},
        "steps": data["steps"] or None,
        "clock": {"at_most": data["clock"], "unit": data["clock_unit"], "from": data["clock_from"]},
        "price": data["price"] or None,
        "renewals": data["renewals"],
        "extension": _extension(data),
        "pool": {"name": data["pool"], "percent_at_most": data["percent_at_most"]} if data["pool"] else None,
    }


def _extension(data: Data) -> dict[str, Any] | None:
    months, percent = data["extension_months"], data["extension_percent"]
    return None if months is None else {"months": months, "percent": percent or 0, "on": "interim_report"}


def _unasked(base: Data) -> dict[str, Any]:
    values = {one["id"]: one["value"] for one in base["facts"]}
    return {name: values.get(name) for name in NOT_ASKED if name in values or name in NEEDED}


def _with_what_was(name: str, value: Any, before: Any) -> Any:
    """What the form does not ask about stays: the least of a span of time, the modes that a cap is shared with."""
    is_asked_in_part = name in ("clock", "pool") and isinstance(before, Mapping) and isinstance(value, Mapping)
    return before if is_asked_in_part and all(before.get(key) == one for key, one in value.items()) else value


def _sure(value: Any, source: Data) -> Data:
    is_unknown = value is None or (isinstance(value, Mapping) and value.get("percent_at_most", 0) is None)
    return {**source, "confidence": "unknown"} if is_unknown else source


def _kept(before: Any, one: dict[str, Any], *names: str) -> dict[str, Any]:
    """The entry as it was where it says the same, its source with it."""
    was = next((other for other in before if other["id"] == one["id"]), None)
    return dict(was) if was and all(was.get(name) == one.get(name) for name in names) else one
