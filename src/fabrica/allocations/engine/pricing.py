"""What use costs: native units, the lines of a document, VAT. Pure, in whole numbers and fractions.

Rounding has one name everywhere, *half to even*: to whole cents, of the whole use of a month (`Price.net`) and of the
VAT of each rate of a document (`taxed`). A line is what the month costs now less what was billed of it before, so
that nothing is lost or billed twice however often use is corrected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fabrica.clusters.engine import Counting, Month
from fabrica.kit.units import SECONDS_PER_HOUR

MICROS_PER_CENT = 10_000
PLACES = 4  # of native units as they are shown


@dataclass(frozen=True)
class Price:
    """Millionths of a euro, without VAT, for an hour of so many of the ledger's GPUs."""

    micros: int
    gpus_per_unit: Fraction

    def units(self, gpu_seconds: int) -> Fraction:
        """GPU-seconds in native units, exactly."""
        return Fraction(gpu_seconds, SECONDS_PER_HOUR) / self.gpus_per_unit

    def shown(self, gpu_seconds: int) -> Decimal:
        """GPU-seconds in native units as they are printed: four decimals, half to even."""
        return Decimal(round(self.units(gpu_seconds) * 10**PLACES)).scaleb(-PLACES)

    def net(self, gpu_seconds: int) -> int:
        """What they cost, in whole cents, half to even."""
        return round(self.units(gpu_seconds) * self.micros / MICROS_PER_CENT)

    def most(self, cents: int) -> int:
        """The most GPU-seconds that cost no more than so many cents, unrounded. The price must be above zero."""
        return int(Fraction(cents * MICROS_PER_CENT, self.micros) * self.gpus_per_unit * SECONDS_PER_HOUR)


@dataclass(frozen=True)
class Billed:
    """What the documents of before, taken together, have of a month."""

    gpu_seconds: int = 0
    net_cents: int = 0


@dataclass(frozen=True)
class Line:
    """What a month's use is now, what was billed of it before, and the difference in money."""

    month: Month
    used: int
    before: int
    net_cents: int
    is_correction: bool

    @property
    def gpu_seconds(self) -> int:
        """What is billed here, or (below zero) given back."""
        return self.used - self.before


def bill(used: Mapping[Month, int], billed: Mapping[Month, Billed], price: Price, limit_cents: int) -> tuple[Line, ...]:
    """What is still to be billed, by month; nothing where no money would move.

    The earliest month is paid first; what all months cost beyond the limit is never billed.
    """
    lines, room = [], limit_cents
    for month in sorted({*used, *billed}):
        now, had = used.get(month, 0), billed.get(month, Billed())
        whole = min(price.net(now), room)
        room -= whole
        if (now, whole) != (had.gpu_seconds, had.net_cents):
            lines.append(Line(month, now, had.gpu_seconds, whole - had.net_cents, had != Billed()))
    return tuple(lines) if any(one.net_cents for one in lines) else ()


@dataclass(frozen=True)
class Vat:
    """How VAT is treated: the kind, the rate in percent, what the document must say of it, and by which article."""

    kind: str
    percent: Decimal
    note: str = ""
    article: str = ""


@dataclass(frozen=True)
class Taxed:
    """What a document takes at one treatment."""

    vat: Vat
    net_cents: int

    @property
    def vat_cents(self) -> int:
        """The tax on the sum, in whole cents, half to even."""
        return round(Fraction(self.net_cents) * Fraction(self.vat.percent) / 100)


def taxed(lines: Iterable[tuple[Vat, int]]) -> tuple[Taxed, ...]:
    """The sums of a document by treatment, in the order in which its lines have them."""
    sums: dict[Vat, int] = {}
    for vat, net_cents in lines:
        sums[vat] = sums.get(vat, 0) + net_cents
    return tuple(Taxed(vat, net_cents) for vat, net_cents in sums.items())


def gpus_behind(unit: str, counting: Counting) -> Fraction | None:
    """How many of the ledger's GPUs one unit of a machine is; None for a unit that the machine has not."""
    return {
        "gpu_hour": Fraction(1),
        "device_hour": counting.gpus_per_device,
        "node_hour": counting.gpus_per_device * counting.devices_per_node,
        "native": 1 / counting.native_per_gpu_hour if counting.native else None,
    }.get(unit)
