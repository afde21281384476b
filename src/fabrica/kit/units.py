"""Units: hours of a device are integers of GPU-seconds, money is integers of euro cents."""

from decimal import ROUND_HALF_UP, Decimal

SECONDS_PER_HOUR = 3600


def gpu_seconds(gpu_hours: float | Decimal | str) -> int:
    """GPU-hours, as people write them, to whole GPU-seconds (half rounds up). Raises ValueError below zero."""
    seconds = int((Decimal(str(gpu_hours)) * SECONDS_PER_HOUR).to_integral_value(ROUND_HALF_UP))
    if seconds < 0:
        raise ValueError("hours are not negative")
    return seconds


def gpu_hours(seconds: int, places: int = 2) -> Decimal:
    """GPU-seconds to GPU-hours with `places` decimals, for showing only."""
    step = Decimal(1).scaleb(-places)
    return (Decimal(seconds) / SECONDS_PER_HOUR).quantize(step, ROUND_HALF_UP)


def duration(seconds: float) -> str:
    """A length of time in the two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    for size, name, small, small_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name} {rest} {small_name}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def size(size_bytes: int) -> str:
    """A size in decimal units, as discs are sold: `950 B`, `1.2 kB`, `3.4 MB`."""
    value = Decimal(size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        shown = value if unit == "B" else value.quantize(Decimal("0.1"))
        if shown < 1000:  # noqa: PLR2004 - the step between decimal units
            return f"{shown} {unit}"
        value /= 1000
    return f"{value.quantize(Decimal('0.1'))} PB"
