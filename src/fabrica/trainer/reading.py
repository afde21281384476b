"""Reading plain values into frozen dataclasses whose fields state their bounds. Standard library only."""

import json
import math
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, TypeVar

from fabrica.kit.errors import Refused

T = TypeVar("T")

KINDS = {int: "a whole number", float: "a number", str: "text"}
OVERRIDES_AT_MOST = 100


def read_into(base: T, values: Any, path: str) -> T:
    """`base` with the fields that `values` name replaced; `path` (such as `model`) stands before keys in messages.

    Raises Refused for an unknown key (listing the valid ones), a wrong type or a value out of bounds.
    """
    if not isinstance(values, dict):
        raise Refused(
            f"{path or 'The recipe'} is {type(values).__name__}.",
            why="It must be an object with keys and values.",
        )
    known = {one.name: one for one in fields(base)}  # type: ignore[arg-type]  # callers pass dataclasses only
    changes = {}
    for key, value in values.items():
        where = f"{path}.{key}" if path else str(key)
        if key not in known:
            raise Refused(
                f"{where[:200]}: unknown key.",
                why=f"Valid keys are {', '.join(sorted(known))}.",
                todo="Correct or remove the key.",
            )
        now = getattr(base, key)
        changes[key] = read_into(now, value, where) if is_dataclass(now) else _checked(known[key], value, where)
    return replace(base, **changes)  # type: ignore[type-var]  # the same


def apply_overrides(base: T, assignments: list[str]) -> T:
    """`base` after assignments such as `model.width=256`; values are JSON, or text where they are not.

    Raises Refused as `read_into`, and for what is no assignment.
    """
    if len(assignments) > OVERRIDES_AT_MOST:
        raise Refused(f"There are {len(assignments)} overrides.", why=f"At most {OVERRIDES_AT_MOST} are read.")
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path.strip():
            raise Refused(f"{assignment[:200]!r} assigns nothing.", todo="Write it as model.width=256.")
        base = read_into(base, _nested(path.strip().split("."), _value(text.strip())), "")
    return base


def _nested(keys: list[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checked(known: "Field[Any]", value: Any, where: str) -> Any:
    """`value` in the type of its field, within its bounds. Raises Refused."""
    kind = known.type
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise Refused(
            f"{where} is {json.dumps(value, default=str)[:100]}.",
            why=f"It must be {KINDS[kind]}.",  # type: ignore[index]  # fields are int, float or str
        )
    if kind is str and not value.isprintable():
        raise Refused(f"{where} is {value[:100]!a}.", why="It must be text without control characters.")
    limits = known.metadata
    if "choices" in limits and value not in limits["choices"]:
        raise Refused(f"{where} is {value[:100]!r}.", why=f"It must be one of: {', '.join(limits['choices'])}.")
    measure = len(value) if kind is str else value
    if "low" in limits and not limits["low"] <= measure <= limits["high"]:
        what = "its length" if kind is str else "it"
        raise Refused(
            f"{where} is {json.dumps(value)[:100]}.",
            why=f"Here {what} must be between {limits['low']} and {limits['high']}.",
            todo="Choose a value within these bounds.",
        )
    return value
