"""Rounds for `make bench`: a ranking that asks for twice what there is, and experts for three reviews each."""

from random import Random
from typing import Any

MODES = ("pg", "fl", "ls", "science", "commercial", "national")
SIZES = (5_000, 12_000, 30_000, 50_000, 90_000, 180_000, 360_000)
CAPS = (("industrial", ["first-come", "ls"], 30), ("first-come", ["first-come"], 10), ("science", ["science"], 25))

FIELDS = [f"field-{at}" for at in range(20)]


def reviewers_case(experts: int, applications: int, seed: int = 1) -> dict[str, Any]:
    """So many experts of forty organisations, one review in ten to spare, three reviews for each application."""
    draw = Random(seed)  # noqa: S311 - a made-up round, the same every time
    limit = -(-33 * applications // (10 * experts))
    people = [{**_person(draw, f"e{at:03}", 3), "languages": ["en"], "limit": limit} for at in range(experts)]
    wanted = [{**_person(draw, f"a{at:03}", 2), "language": "en", "reviews": 3} for at in range(applications)]
    return {"format": "fabrica-reviewers/1", "experts": people, "applications": wanted}


def _person(draw: Random, name: str, fields: int) -> dict[str, Any]:
    return {"id": name, "organisation": f"o{draw.randrange(40)}", "fields": draw.sample(FIELDS, fields)}


def awards_case(applications: int, systems: int, seed: int = 1) -> dict[str, Any]:
    """So many ranked applications for so many systems, four quarters, nested caps; a third would take less."""
    draw = Random(seed)  # noqa: S311 - a made-up round, the same every time
    names = [f"system-{at}" for at in range(systems)]
    rows = [_row(draw, at, names) for at in range(applications)]
    half = sum(one["hours"] for one in rows) // 2
    pools = [{"id": "first-come", "modes": ["pg", "fl"]}, *({"id": one, "modes": [one]} for one in MODES[2:])]
    caps = [{"id": one, "pools": of, "percent": part, "of_hours": half} for one, of, part in CAPS]
    caps.append({"id": "commercial", "pools": ["commercial"], "percent": 20, "of_hours": half})
    each = half // systems // 4
    return {
        "format": "fabrica-awards/1",
        "periods": [{"id": f"Q{at}", "months": 3} for at in range(1, 5)],
        "systems": [{"id": one, "hours": [draw.randint(each // 2, 3 * each // 2) for _ in range(4)]} for one in names],
        "pools": pools,
        "caps": caps,
        "applications": rows,
    }


def _row(draw: Random, at: int, systems: list[str]) -> dict[str, Any]:
    hours = draw.choice(SIZES)
    row = {"id": f"a{at:03}", "rank": at // 2 + 1, "score": draw.randint(50, 100), "mode": draw.choice(MODES)}
    row |= {"hours": hours, "months": draw.choice((3, 6, 12)), "systems": draw.sample(systems, draw.randint(1, 4))}
    return row | ({"least_hours": hours // 2} if draw.random() < 1 / 3 else {})
