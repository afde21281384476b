"""Reading what is given from JSON: bounded, exact to the GPU-second, refused in words where something does not fit."""

from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar

from fabrica.allocations.engine.capacity.given import Cap, Fix, Given, Period, Pool, System, Wish
from fabrica.kit.reading import Fields, document
from fabrica.kit.units import SECONDS_PER_HOUR

FORMAT = "fabrica-awards/1"
FORMAT_HELP = "The format stands in docs/reviewer/awards-under-capacity.md."
MAX_BYTES = 2_000_000
MAX_WISHES, MAX_SYSTEMS, MAX_PERIODS, MAX_POOLS, MAX_CAPS, MAX_MODES = 1_000, 40, 24, 40, 100, 60
Named = TypeVar("Named", System, Pool, Cap)
MAX_HOURS, MAX_MONTHS = 10**9, 36


def read(raw: bytes | str) -> Given:
    """What a file's content gives. Raises Refused."""
    top = document(raw, most=MAX_BYTES, todo=FORMAT_HELP)
    if top.text("format") != FORMAT:
        top.refuse("format", f"It must be {FORMAT!r}.")
    periods = tuple(_period(one) for one in top.objects("periods", most=MAX_PERIODS))
    _once(top, "periods", [one.id for one in periods], least=1)
    systems = _sorted(top, "systems", [_system(one, periods) for one in top.objects("systems", most=MAX_SYSTEMS)])
    pools = _sorted(top, "pools", [_pool(one) for one in top.objects("pools", most=MAX_POOLS)])
    modes = [mode for pool in pools for mode in pool.modes]
    if len(set(modes)) != len(modes):
        top.refuse("pools", "A mode draws on one pool only.")
    names = frozenset(one.id for one in systems)
    caps = [_cap(one, frozenset(one.id for one in pools), names) for one in top.objects("caps", most=MAX_CAPS)]
    step = _hours(top, "step_hours") if top.has("step_hours") else SECONDS_PER_HOUR
    wishes = [
        _wish(one, frozenset(modes), names, periods, step) for one in top.objects("applications", most=MAX_WISHES)
    ]
    _once(top, "applications", [one.id for one in wishes], least=1)
    wishes.sort(key=lambda one: (one.rank, -Decimal(one.score), one.id))
    fixes = _fixes(top, {one.id: one for one in wishes})
    top.end()
    return Given(periods, tuple(systems), tuple(pools), tuple(_sorted(top, "caps", caps)), tuple(wishes), fixes, step)


def _once(top: Fields, key: str, names: list[str], least: int = 0) -> None:
    if len(set(names)) != len(names) or len(names) < least:
        top.refuse(key, f"It must hold at least {least}, and each id once.")


def _sorted(top: Fields, key: str, rows: list[Named]) -> list[Named]:
    _once(top, key, [one.id for one in rows], least=0 if key == "caps" else 1)
    return sorted(rows, key=lambda one: one.id)


def _hours(row: Fields, key: str, *, least: int = 1) -> int:
    """GPU-hours as people write them, in GPU-seconds; never rounded."""
    seconds = row.amount(key, most=MAX_HOURS) * SECONDS_PER_HOUR
    if seconds != int(seconds) or seconds < least:
        row.refuse(
            key, "Hours must be whole GPU-seconds: 0.25 is 900, 0.3333 is none." if seconds else "It is nothing."
        )
    return int(seconds)


def _period(row: Fields) -> Period:
    found = Period(row.name("id"), row.number("months", least=1, most=MAX_MONTHS))
    row.end()
    return found


def _system(row: Fields, periods: tuple[Period, ...]) -> System:
    name, values = row.name("id"), row.values("hours", most=MAX_PERIODS)
    if len(values) != len(periods):
        row.refuse("hours", "It must hold one number for each period.")
    row.end()
    return System(name, {one.id: _hours(value, "value", least=0) for one, value in zip(periods, values, strict=True)})


def _pool(row: Fields) -> Pool:
    name = row.name("id")
    found = Pool(name, row.text("title", name), row.names("modes", most=MAX_MODES, least=1))
    row.end()
    return found


def _cap(row: Fields, pools: frozenset[str], systems: frozenset[str]) -> Cap:
    name = row.name("id")
    title, source = row.text("title", name), row.text("source")
    of_pools = _known(row, "pools", pools, MAX_POOLS, least=1)
    of_systems = _known(row, "systems", systems, MAX_SYSTEMS)
    limit = _limit(row)
    taken = _hours(row, "taken_hours", least=0) if row.has("taken_hours") else 0
    row.end()
    return Cap(name, title, frozenset(of_pools), frozenset(of_systems), limit, taken, source)


def _limit(row: Fields) -> int:
    """Hours, or a part of hours rounded down to the GPU-second, so that the cap is never passed."""
    if not row.has("percent"):
        return _hours(row, "hours", least=0)
    part = row.amount("percent", most=100) * _hours(row, "of_hours") / 100
    return int(part.to_integral_value(ROUND_FLOOR))


def _known(row: Fields, key: str, known: frozenset[str], most: int, least: int = 0) -> tuple[str, ...]:
    found = row.names(key, most=most, least=least)
    strange = [one for one in found if one not in known]
    if strange:
        row.refuse(key, f"There is no {strange[0]!r} in the file.")
    return found


def _wish(row: Fields, modes: frozenset[str], systems: frozenset[str], periods: tuple[Period, ...], step: int) -> Wish:
    name, rank = row.name("id"), row.number("rank", least=1, most=10**6)
    score = row.amount("score", most=10**6) if row.has("score") else Decimal(0)
    mode = row.name("mode")
    if mode not in modes:
        row.refuse("mode", f"No pool has the mode {mode!r}.")
    seconds = _hours(row, "hours")
    least = _hours(row, "least_hours") if row.has("least_hours") else seconds
    if least > seconds or (seconds - least) % step:
        row.refuse("least_hours", "It must lie below `hours`, by whole steps (`step_hours`, one hour by itself).")
    months = row.number("months", least=1, most=MAX_MONTHS)
    if months > sum(one.months for one in periods):
        row.refuse("months", "The periods of the file end before.")
    accepted = _known(row, "systems", systems, MAX_SYSTEMS, least=1)
    row.end()
    return Wish(name, rank, str(score), mode, seconds, least, months, accepted)


def _fixes(top: Fields, wishes: dict[str, Wish]) -> dict[str, Fix]:
    found = [_fix(one, wishes) for one in top.objects("fixed", most=MAX_WISHES)]
    _once(top, "fixed", [one.application for one in found])
    return {one.application: one for one in found}


def _fix(row: Fields, wishes: dict[str, Wish]) -> Fix:
    name = row.name("application")
    if name not in wishes:
        row.refuse("application", f"There is no application {name!r}.")
    is_in = row.flag("in", default=True)
    seconds = _hours(row, "hours") if row.has("hours") else None
    system = row.name("system") if row.has("system") else ""
    if not is_in and (seconds or system):
        row.refuse("in", "What is out has no hours and no system.")
    if seconds and not wishes[name].least <= seconds <= wishes[name].seconds:
        row.refuse("hours", "It must lie between what the application accepts and what it asks for.")
    if system and system not in wishes[name].systems:
        row.refuse("system", f"{name} does not accept {system!r}.")
    row.end()
    return Fix(name, is_in, seconds, system)
