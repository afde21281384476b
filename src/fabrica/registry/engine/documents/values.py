"""How a value of the facts is written. Each form gives None for what it cannot read, and that reads *unknown*."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from fabrica.kit import units

VERDICTS = {"pass": "pass", "warn": "warn", "fail": "fail", "not_run": "not run", "told": "not judged"}
WH_IN_MWH = 1_000_000
MOST = 10**300
SHORT_HASH = 16


def is_number(value: Any) -> bool:
    """Whether it is a finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < MOST  # a float holds no more


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_number(value):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _yes_no(value: Any) -> str | None:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else None


def _count(value: Any) -> str | None:
    return f"{int(value):,}" if is_number(value) else None


def _figure(value: Any) -> str | None:
    return f"{value:,.4g}" if is_number(value) else None


def _list(value: Any) -> str | None:
    if not isinstance(value, list):
        return None
    # The gate may give a label with its words.
    words = [one.get("label") if isinstance(one, dict) else one for one in value]
    return ", ".join(str(one) for one in words if one) or ("none" if not value else None)


def _architecture(value: Any) -> str | None:
    if not isinstance(value, dict):
        return _text(value)
    names = ("layers", "width", "heads", "hidden", "context")
    if not all(is_number(value.get(name)) for name in names):
        return None
    layers, width, heads, hidden, context = (value[name] for name in names)
    return (
        f"decoder-only transformer: {layers} layers of width {width}, {heads} heads, SwiGLU of {hidden}, "
        f"looking back {context} tokens"
    )


def _joined(words: Iterable[Any]) -> str | None:
    """What is known of each dataset, with `unknown` where one tells nothing; None where none tells anything."""
    told = [_text(one) for one in words]
    return "; ".join(one or "unknown" for one in told) if any(told) else None


def _each(name: str) -> Callable[[Any], str | None]:
    return lambda value: _joined(one.get(name) for one in _objects(value))


def _datasets(value: Any) -> str | None:
    return _joined(
        f"{one.get('title') or 'unknown'} ({one.get('uri') or 'unknown'}, "
        f"SHA-256 {str(one.get('sha256') or 'unknown')[:SHORT_HASH]})"
        for one in _objects(value)
    )


def _sizes(value: Any) -> str | None:
    sizes: list[Any] = [one.get("size_bytes") for one in _objects(value)]
    if not sizes or not all(is_number(one) for one in sizes):
        return None
    return f"{sum(sizes):,} bytes in {len(sizes)} dataset{'s' if len(sizes) > 1 else ''}"


def _held_out(value: Any) -> str | None:
    if not isinstance(value, dict) or not is_number(value.get("size_bytes")):
        return None
    return f"{value['size_bytes']:,} bytes, SHA-256 {value.get('sha256') or 'unknown'}"


def _verdicts(value: Any) -> str | None:
    results = _objects(value)
    found = Counter(VERDICTS.get(str(one.get("verdict")), "unknown") for one in results)
    told = ", ".join(f"{found[word]} {word}" for word in (*VERDICTS.values(), "unknown") if found[word])
    return f"{len(results)} results: {told}" if results else None


def _duration(value: Any) -> str | None:
    return units.duration(value) if is_number(value) else None


def _device_hours(value: Any) -> str | None:
    return f"{units.gpu_hours(int(value), 3)} device-hours" if is_number(value) else None


def _compute(value: Any) -> str | None:
    if is_number(value):
        return f"{value:.4g} FLOP, by architecture, as the run counted"
    return "; ".join(told for one in _objects(value) if (told := _estimate(one))) or None


def _estimate(one: dict[str, Any]) -> str | None:
    flop, low, high = one.get("flop"), one.get("low"), one.get("high")
    if not isinstance(flop, int | float) or not is_number(flop):
        return None
    between = f" ({low:.4g} to {high:.4g})" if is_number(low) and is_number(high) else ""
    how = f", {_text(one['how'])}" if one.get("how") else ""
    return f"{flop:.4g} FLOP{between}, by {_text(one.get('method')) or 'a method unknown'}{how}"


def _mwh(value: Any) -> str | None:
    return f"{value / WH_IN_MWH:.4g} MWh" if is_number(value) else None


def _grams(value: Any) -> str | None:
    return f"{value:,.4g} g" if is_number(value) else None


def _assumptions(value: Any) -> str | None:
    told = [f"{one.get('name')}: {one.get('value')} {one.get('unit')} ({one.get('source')})" for one in _objects(value)]
    return "; ".join(told) or None


def _pairs(value: Any) -> str | None:
    return ", ".join(f"{name} {value[name]}" for name in sorted(value)) or None if isinstance(value, dict) else None


FORMS: dict[str, Callable[[Any], str | None]] = {
    "text": _text, "yes_no": _yes_no, "count": _count, "figure": _figure, "list": _list,
    "architecture": _architecture, "size_band": _count, "datasets": _datasets, "sizes": _sizes,
    "licences": _each("licence"), "languages": _each("language"), "provenances": _each("provenance"),
    "personal": _each("has_personal_data"), "held_out": _held_out, "verdicts": _verdicts, "duration": _duration,
    "device_hours": _device_hours, "compute": _compute, "mwh": _mwh, "grams": _grams, "assumptions": _assumptions,
    "pairs": _pairs, "text_range": _count, "image_range": _count, "hours_range": _count,
}  # fmt: skip
