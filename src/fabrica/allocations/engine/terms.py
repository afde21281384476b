"""Until when does an award last, and what keeps it from being made? Pure functions."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Source
from fabrica.kit.units import SECONDS_PER_HOUR, gpu_hours

if TYPE_CHECKING:  # modes bring a library of holidays, which the client does without
    from fabrica.calls.engine import Mode
    from fabrica.calls.engine.terms import Terms

INTERIM_REPORT = "interim_report"
UNIX_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Balance:
    """Where an award's GPU-seconds are: `awarded` + `written_off` = `free` + `held` + `used` + `returned`, always.

    `promised` lies beside them, in phases still to come: `awarded` grows when one is released.
    `written_off` is the part of `used` that went beyond the award and that the machine's pool paid for, less what
    corrections gave back to it; `returned` went back to the pool unused.
    """

    awarded: int
    free: int
    held: int
    used: int
    written_off: int = 0
    returned: int = 0
    promised: int = 0


def hours(gpu_seconds: int) -> str:
    """GPU-seconds as GPU-hours for a sentence: `1,234.50`, with four decimals where two would hide something."""
    is_exact = gpu_seconds * 100 % SECONDS_PER_HOUR == 0
    return f"{gpu_hours(gpu_seconds, places=2 if is_exact else 4):,}"


def reached(gpu_seconds: int, of_gpu_seconds: int) -> int:
    """How many percent of an award are used, rounded down: a hundred is never told too early."""
    return 100 * gpu_seconds // of_gpu_seconds


def highest(steps: Iterable[int], percent: int) -> int:
    """The highest step that is reached; 0 for none."""
    return max((step for step in steps if step <= percent), default=0)


def add_months(at: datetime, months: int) -> datetime:
    """The same day and hour `months` later, or the last day of that month where it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def beyond(mode: "Mode", gpu_seconds: int, months: int) -> str:
    """Why the mode does not allow such an award, with the source of its limit; empty where it does."""
    if not 0 < gpu_seconds <= mode.gpu_hours_max * SECONDS_PER_HOUR:
        return (
            f"{mode.title} gives at most {mode.gpu_hours_max:,} GPU-hours and more than none; "
            f"you award {hours(gpu_seconds)}. Source of the limit: {mode.source}."
        )
    if months not in mode.months:
        allowed = ", ".join(map(str, mode.months))
        return f"{mode.title} lasts {allowed} months; you award {months}. Source: {mode.source}."
    return ""


@dataclass(frozen=True)
class Extending:
    """What a mode lets an award be extended by, all extensions together, what of it is left, and who says so."""

    months: int
    percent: int
    gpu_seconds: int
    months_left: int
    gpu_seconds_left: int
    source: Source
    needs_report: bool = False  # the accepted interim report comes first


def room_to_extend(terms: "Terms", had: tuple[int, int], base: int) -> Extending | None:
    """How far an award may still be extended; None where its mode tells nothing of it.

    `had` are the months and GPU-seconds of earlier extensions, which count too; percent are of `base`.
    """
    figure = terms.figures.get("extension")
    if figure is None or figure.value is None:
        return None
    months, percent = figure.value["months"], figure.value["percent"]
    most, needs_report = base * percent // 100, figure.value.get("on") == INTERIM_REPORT
    return Extending(months, percent, most, max(0, months - had[0]), max(0, most - had[1]), figure.source, needs_report)


def beyond_extension(terms: "Terms", had: tuple[int, int], months: int, gpu_seconds: int, base: int) -> str:
    """Why the mode does not allow such an extension, with the source of its limit; empty where it does."""
    room = room_to_extend(terms, had, base)
    if room is None:
        figure = terms.figures.get("extension")
        source = f" Looked for in: {figure.source}." if figure else ""
        return f"{terms.title} tells nothing of extensions.{source}"
    if months <= room.months_left and gpu_seconds <= room.gpu_seconds_left:
        return ""
    return (
        f"{terms.title} is extended by at most {room.months} months and {room.percent} % of its hours, here "
        f"{hours(room.gpu_seconds)} GPU-hours; {had[0]} months and {hours(had[1])} were granted before, and you grant "
        f"{months} and {hours(gpu_seconds)}. Source: {room.source}."
    )


def unix_name(template: str, number: int) -> str:
    """The UNIX name of project `number`, from a template such as `fp{number:04d}`. Raises Refused for no UNIX name."""
    try:
        name = template.format(number=number)
        is_telling = name != template.format(number=number + 1)
    except (LookupError, ValueError, AttributeError, TypeError):
        name, is_telling = "", False
    if not is_telling or not UNIX_NAME.fullmatch(name):
        raise Refused(
            f"The template {template} makes no UNIX name of the number {number}.",
            why="Each number needs its own: at most 32 small letters, digits, - and _, a letter or _ first.",
            todo="Set FABRICA_UNIX_PROJECT_TEMPLATE to something like fp{number:04d}.",
        )
    return name
