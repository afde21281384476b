"""What a machine gives in an accounting year, its pools and the caps on them: pure data, worked out exactly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from fabrica.calls.engine.figures import POOLS
from fabrica.calls.engine.terms import Figure, Terms
from fabrica.kit.facts import CONFIDENCES, Source
from fabrica.kit.reading import Fields, document
from fabrica.kit.units import SECONDS_PER_HOUR

FORMAT = "fabrica-pools/1"
FORMAT_HELP = "The format stands in docs/operator/pools.md."
MAX_BYTES, MAX_CAPS, MAX_MODES, MAX_HOURS, MAX_DAYS = 100_000, 40, 60, 250_000_000, 400
UNION = tuple(name for name in POOLS if name.startswith("union_"))
WHOLE = Decimal(100)


@dataclass(frozen=True)
class Part:
    """A pool: so many percent of what the machine gives."""

    name: str
    percent: Decimal


@dataclass(frozen=True)
class CapRule:
    """The most that awards of some pools (and modes; none: all) may take: percent of what the pools `of` hold.

    One without a title of its own is called as its pools are.
    """

    name: str
    title: str
    pools: tuple[str, ...]
    modes: tuple[str, ...]
    percent: Decimal
    of: tuple[str, ...]
    source: Source


@dataclass(frozen=True)
class Year:
    """What a machine gives from a day to before another, its pools, and the caps of the site itself."""

    starts_on: date
    ends_on: date
    gpu_seconds: int
    source: Source
    parts: tuple[Part, ...]
    caps: tuple[CapRule, ...]
    keeps_programme: bool

    def of_pool(self, name: str) -> int:
        """The GPU-seconds of a pool; 0 for one that the year does not have."""
        return share(self.gpu_seconds, sum((one.percent for one in self.parts if one.name == name), Decimal(0)))

    def shares(self) -> dict[str, int]:
        """The GPU-seconds of each pool, by its name."""
        return {one.name: self.of_pool(one.name) for one in self.parts}

    def base(self, cap: CapRule) -> int:
        """What a cap's percent are of."""
        return sum(self.of_pool(name) for name in cap.of)


def share(gpu_seconds: int, percent: Decimal) -> int:
    """A part of GPU-seconds, rounded down: all parts together are never more than the whole."""
    return int((percent * gpu_seconds / WHOLE).to_integral_value(ROUND_FLOOR))


def read_year(raw: bytes | str) -> Year:
    """A year from a file's content. Raises Refused."""
    top = document(raw, most=MAX_BYTES, todo=FORMAT_HELP)
    if top.text("format") != FORMAT:
        top.refuse("format", f"It must be {FORMAT!r}.")
    starts_on, ends_on = _day(top, "from"), _day(top, "until")
    if not 0 < (ends_on - starts_on).days <= MAX_DAYS:
        top.refuse("until", f"It must be 1 to {MAX_DAYS} days after `from`; it no longer belongs to the year.")
    gpu_seconds, source = _hours(top, "hours"), _source(top)
    parts = tuple(_part(one) for one in top.objects("pools", most=len(POOLS)))
    caps = tuple(_cap(one) for one in top.objects("caps", most=MAX_CAPS))
    for key, names in (("pools", [one.name for one in parts]), ("caps", [one.name for one in caps])):
        if len(set(names)) != len(names):
            top.refuse(key, "Each id stands once.")
    if not parts or sum(one.percent for one in parts) > WHOLE:
        top.refuse("pools", "There must be one at least, and all together are at most 100 percent.")
    keeps_programme = top.flag("programme_caps", default=True)
    top.end()
    return Year(starts_on, ends_on, gpu_seconds, source, parts, caps, keeps_programme)


def _day(row: Fields, key: str) -> date:
    value = row.text(key)
    try:
        return date.fromisoformat(value)
    except ValueError:
        row.refuse(key, "It must be a day, such as 2027-01-01.")


def _hours(row: Fields, key: str) -> int:
    seconds = row.amount(key, most=MAX_HOURS) * SECONDS_PER_HOUR
    if seconds != int(seconds) or not seconds:
        row.refuse(key, "Hours must be whole GPU-seconds, and more than none.")
    return int(seconds)


def _percent(row: Fields) -> Decimal:
    found = row.amount("percent", most=100)
    if found != found.quantize(Decimal("0.0001")):
        row.refuse("percent", "It has four decimals at most.")
    return found


def _source(row: Fields) -> Source:
    confidence = row.text("confidence")
    if confidence not in CONFIDENCES:
        row.refuse("confidence", f"It must be one of {', '.join(CONFIDENCES)}.")
    text = row.text("source")
    if not text:
        row.refuse("source", "It is missing: where do these figures come from?")
    return Source(text, _day(row, "checked_on"), confidence)


def _part(row: Fields) -> Part:
    found = Part(_pools(row, "id", (row.name("id"),))[0], _percent(row))
    row.end()
    return found


def _cap(row: Fields) -> CapRule:
    name = row.name("id")
    title = row.text("title")
    pools = _pools(row, "pools", row.names("pools", most=len(POOLS), least=1))
    of = _pools(row, "of", row.names("of", most=len(POOLS))) or POOLS
    modes = row.names("modes", most=MAX_MODES)
    found = CapRule(name, title, pools, modes, _percent(row), of, _source(row))
    row.end()
    return found


def _pools(row: Fields, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    strange = [one for one in names if one not in POOLS]
    if strange:
        row.refuse(key, f"There is no pool {strange[0]!r}; there are {', '.join(POOLS)}.")
    return names


def programme_caps(modes: Iterable[Terms]) -> tuple[CapRule, ...]:
    """The caps that the modes' own data names, each with its source: percent of the Union's share of the machine."""
    found: dict[str, CapRule] = {}
    listed = tuple(modes)
    titles = {one.key: one.title for one in listed}
    for one in listed:
        figure = one.figures.get("pool")
        for cap in _of_mode(one.key, figure, titles) if figure is not None and figure.value is not None else ():
            if cap.name in found and found[cap.name] != cap:
                raise ValueError(f"two modes name different caps {cap.name}")
            found[cap.name] = cap
    return tuple(found[name] for name in sorted(found))


def _of_mode(key: str, figure: Figure, titles: Mapping[str, str]) -> Iterable[CapRule]:
    value, pool = figure.value, (figure.value["name"],)
    if value["percent_at_most"] is not None:
        yield CapRule(pool[0], "", pool, (), Decimal(value["percent_at_most"]), UNION, figure.source)
    if value.get("together_percent_at_most") is not None:
        modes = tuple(sorted({key, *value["with"]}))
        title = " + ".join(titles.get(one, one) for one in modes)
        yield CapRule(
            "+".join(modes), title, pool, modes, Decimal(value["together_percent_at_most"]), UNION, figure.source
        )
