"""Numbers, sizes and times as people read them, in the language of the page. Pure functions; no HTML but `when`."""

from datetime import UTC, datetime

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from fabrica.kit import units

NO_VALUE = "–"
STEPS = ((86400 * 365, "year"), (86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))
JUST_NOW_SECONDS = 45
FEW_GPU_SECONDS = 360


def count(number: int) -> str:
    """A whole number with its thousands set apart: `12,345` in English."""
    return formats.number_format(number, 0, use_l10n=True, force_grouping=True)


def gpu_hours(gpu_seconds: int) -> str:
    """GPU-seconds as GPU-hours, at most two decimals: `1.5 GPU-hours`; below a tenth: `45 s of one device`."""
    if 0 < gpu_seconds < FEW_GPU_SECONDS:
        return gettext("%(duration)s of one device") % {"duration": units.duration(gpu_seconds)}
    hours = units.gpu_hours(gpu_seconds)
    shown = hours.normalize()
    places = max(0, -int(shown.as_tuple().exponent))
    text = formats.number_format(hours, places, use_l10n=True, force_grouping=True)
    return ngettext("%(hours)s GPU-hour", "%(hours)s GPU-hours", 1 if hours == 1 else 2) % {"hours": text}


def size(size_bytes: int) -> str:
    """A size in decimal units: `1.2 kB`."""
    number, unit = units.size(size_bytes).split(" ")
    return f"{formats.number_format(number, 1 if '.' in number else 0, use_l10n=True)} {unit}"


def absolute(at: datetime) -> str:
    """An aware time in full, in UTC: `23 November 2026, 11:58 UTC`."""
    utc = at.astimezone(UTC)
    return f"{formats.date_format(utc, 'j F Y')}, {formats.date_format(utc, 'H:i')} UTC"


def relative(at: datetime, now: datetime) -> str:
    """How far `at` lies from `now`, in one unit: `3 minutes ago`, `in 2 days`, `just now`."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < JUST_NOW_SECONDS:
        return gettext("just now")
    size_seconds, unit = next(((step, unit) for step, unit in STEPS if round(abs(seconds) / step) >= 1), (60, "minute"))
    amount = _amount(unit, max(1, round(abs(seconds) / size_seconds)))
    text = pgettext("time", "in %(amount)s") if seconds > 0 else pgettext("time", "%(amount)s ago")
    return text % {"amount": amount}


def _amount(unit: str, number: int) -> str:
    text = {
        "year": ngettext("%(number)d year", "%(number)d years", number),
        "month": ngettext("%(number)d month", "%(number)d months", number),
        "day": ngettext("%(number)d day", "%(number)d days", number),
        "hour": ngettext("%(number)d hour", "%(number)d hours", number),
        "minute": ngettext("%(number)d minute", "%(number)d minutes", number),
    }[unit]
    return text % {"number": number}


def when(at: datetime | None, now: datetime) -> SafeString | str:
    """A `<time>` that reads relatively and tells the absolute time as its title; a dash for None."""
    if at is None:
        return NO_VALUE
    machine = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, absolute(at), relative(at, now))
