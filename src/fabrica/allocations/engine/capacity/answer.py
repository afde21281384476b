"""The proposal as plain data, and its reasons in words."""

from decimal import Decimal
from typing import Any

from fabrica.allocations.engine.capacity.house import Limit
from fabrica.allocations.engine.capacity.left_out import LeftOut, Short
from fabrica.allocations.engine.capacity.proposing import Proposal, Tie
from fabrica.kit.units import SECONDS_PER_HOUR

WHY = {
    "fixed_out": "An officer left it out.",
    "too_large": "It does not fit on any of its systems even alone.",
    "full": "Those before it leave no room, wherever each of them stands.",
    "pieces": "Those before it leave room in pieces, too small for it in any arrangement.",
    "undecided": "No arrangement was found that has room for it; the search ended at its bound.",
}


def hours(seconds: int) -> str:
    """GPU-seconds as GPU-hours: exact where four decimals hold them, else rounded up."""
    return f"{-(-Decimal(seconds) * 10**4 // SECONDS_PER_HOUR) / 10**4:f}" if seconds else "0"


def as_dict(found: Proposal) -> dict[str, Any]:
    """The whole answer, as `--json` prints it."""
    return {
        "format": "fabrica-awards-proposal/1",
        "is_settled": not found.undecided,
        "awarded_hours": hours(sum(one.seconds for one in found.awards)),
        "awards": [
            {
                "application": one.wish.id,
                "rank": one.wish.rank,
                "system": one.system,
                "hours": hours(one.seconds),
                "asked_hours": hours(one.wish.seconds),
                "months": one.wish.months,
                "choice": one.wish.systems.index(one.system) + 1,
                "fixed": one.is_fixed,
            }
            for one in found.awards
        ],
        "left_out": [_left_out(found, one) for one in found.left_out],
        "ties": [_tie(one) for one in found.ties],
        "limits": [
            {**_named(limit), "hours": hours(limit.room // limit.units), "free_hours": hours(room // limit.units)}
            for limit, room in zip(found.house.limits, found.room, strict=True)
        ],
        "undecided": list(found.undecided),
    }


def _named(limit: Limit) -> dict[str, str]:
    return {"kind": limit.kind, "id": limit.id, **({"period": limit.period} if limit.period else {})}


def label(limit: Limit) -> str:
    """A limit in a few words."""
    return f"capacity of {limit.id} in {limit.period}" if limit.kind == "capacity" else f"cap {limit.id}"


def _left_out(found: Proposal, one: LeftOut) -> dict[str, Any]:
    limits = found.house.limits
    short = {system: [_short(limits[row.row], row) for row in rows] for system, rows in one.short}
    return {
        "application": one.wish.id,
        "rank": one.wish.rank,
        "hours": hours(one.wish.seconds),
        "least_hours": hours(one.wish.least),
        "kind": one.kind,
        "why": WHY[one.kind],
        "binds": [_named(limits[row]) for row in one.binds],
        "displaces": list(one.displaces),
        "displaced_on": one.displaced_on,
        "nearest": one.nearest,
        "short": short,
        "explanation": sentence(found, one),
    }


def _short(limit: Limit, row: Short) -> dict[str, str]:
    return {**_named(limit), "hours": hours(limit.seconds(row.units))}


def sentence(found: Proposal, one: LeftOut) -> str:
    """Why it is out, which limits bind, who would have to go, what would have to grow."""
    if one.kind == "fixed_out":
        return WHY[one.kind]
    limits = found.house.limits
    parts = [WHY[one.kind], f"Binding: {', '.join(label(limits[row]) for row in one.binds)}."]
    if one.displaces:
        parts.append(f"It would displace {', '.join(one.displaces)} on {one.displaced_on}.")
    elif one.kind != "too_large":
        parts.append("No award that may go would make room.")
    missing = [f"{hours(limits[row.row].seconds(row.units))} GPU-hours more in the {label(limits[row.row])}"
               for row in dict(one.short)[one.nearest]]  # fmt: skip
    if missing:
        parts.append(f"On {one.nearest} it would stand with {' and '.join(missing)}.")
    return " ".join(parts)


def _tie(one: Tie) -> dict[str, Any]:
    by = "the score" if one.by_score else "the name, which is no merit: decide it yourself"
    told = f"Rank {one.rank} is a tie: {', '.join(one.inside)} in, {', '.join(one.outside)} out; what decided was {by}."
    return {"rank": one.rank, "in": list(one.inside), "out": list(one.outside), "explanation": told}
