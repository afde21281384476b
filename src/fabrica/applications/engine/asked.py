"""What is asked for, weighed: against the planner's proposal, and against what a machine gives in that time."""

from dataclasses import dataclass
from fractions import Fraction

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fabrica.kit.units import SECONDS_PER_HOUR

FAR_APART = 2
SECONDS_PER_DAY = 86_400
SECONDS_PER_MONTH = Fraction(146_097, 4_800) * SECONDS_PER_DAY  # of the calendar's 400 years
MOST_OF_A_MACHINE = Fraction(1, 2)
PLAIN_FROM = 10  # from here on a number needs no decimals


@dataclass(frozen=True)
class Advice:
    """A sentence about what is asked for; `is_warning` where it should be thought over before it is sent."""

    text: str
    is_warning: bool


def times_apart(requested: int, proposed: int) -> float | None:
    """By how many times the request and the planner's proposal differ, where that is twice or more; None otherwise.

    Above 1: more was asked for than proposed; below 1: less.
    """
    if requested <= 0 or proposed <= 0:
        return None
    ratio = requested / proposed
    return ratio if ratio >= FAR_APART or ratio <= 1 / FAR_APART else None


def busy(gpu_seconds: int, months: int) -> Fraction:
    """How many GPUs work day and night, all the months, to use so many GPU-seconds."""
    return gpu_seconds / (months * SECONDS_PER_MONTH)


@dataclass(frozen=True)
class Proposed:
    """What the planner proposes: GPU-seconds in all, and how long one run takes on one device, in seconds."""

    gpu_seconds: int
    run_seconds: int


def advice(
    gpu_seconds: int, months: int | None, machine_gpus: Fraction, proposed: Proposed | None, most: int = 0
) -> list[Advice]:
    """What to think over before asking for so many GPU-seconds; nothing here keeps anybody from asking.

    `machine_gpus` is how many GPUs the machine has, `most` what the mode gives at most, in GPU-seconds; 0: not known.
    """
    if gpu_seconds <= 0:
        return []
    late = _late(proposed, months) if proposed and months else []
    planned = _apart(gpu_seconds, proposed.gpu_seconds, most) if proposed else []
    return [*planned, *late, *(spread(gpu_seconds, months, machine_gpus) if months else ())]


def _late(proposed: Proposed, months: int) -> list[Advice]:
    """That one run does not end within the months."""
    if proposed.run_seconds <= months * SECONDS_PER_MONTH:
        return []
    told = ngettext(
        "On one device a run would take about %(days)s days, and you ask for %(months)s month. Plan it on more devices "
        "at once, a smaller model or fewer tokens, or ask for longer.",
        "On one device a run would take about %(days)s days, and you ask for %(months)s months. Plan it on more "
        "devices at once, a smaller model or fewer tokens, or ask for longer.",
        months,
    )
    days = _number(Fraction(proposed.run_seconds, SECONDS_PER_DAY))
    return [Advice(told % {"days": days, "months": months}, is_warning=True)]


def _apart(gpu_seconds: int, proposed: int, most: int) -> list[Advice]:
    if 0 < most < proposed:
        told = _(
            "Our proposal is %(proposed)s GPU-hours, and this access mode gives %(most)s at most. Look for a larger "
            "mode, or train a smaller model or on fewer tokens."
        )
        hours = {"proposed": proposed, "most": most}
        shown = {name: _number(Fraction(value, SECONDS_PER_HOUR)) for name, value in hours.items()}
        return [Advice(told % shown, is_warning=True)]
    ratio = times_apart(gpu_seconds, proposed)
    if ratio is None:
        return []
    if ratio < 1:
        told = _(
            "Our proposal is %(times)s times what you ask for: the hours may not suffice. Ask for more, or say why "
            "less will do."
        )
        return [Advice(told % {"times": _number(Fraction(1 / ratio))}, is_warning=True)]
    told = _(
        "You ask for %(times)s times what we propose. Say what the rest is for, or ask for less: whoever assesses it "
        "will ask."
    )
    return [Advice(told % {"times": _number(Fraction(ratio))}, is_warning=True)]


def spread(gpu_seconds: int, months: int, machine_gpus: Fraction) -> list[Advice]:
    """What so many GPU-seconds in so many months mean for a machine with so many GPUs."""
    gpus = busy(gpu_seconds, months)
    facts = {
        "hours": _number(Fraction(gpu_seconds, SECONDS_PER_HOUR)),
        "months": months, "gpus": _number(gpus), "all": _number(machine_gpus),
    }  # fmt: skip
    if gpus > machine_gpus:
        told = ngettext(
            "%(hours)s GPU-hours in %(months)s month would take %(gpus)s GPUs day and night, and the machine has "
            "%(all)s. Ask for less, or for longer.",
            "%(hours)s GPU-hours in %(months)s months would take %(gpus)s GPUs day and night, and the machine has "
            "%(all)s. Ask for less, or for longer.",
            months,
        )
        return [Advice(told % facts, is_warning=True)]
    told = ngettext(
        "%(hours)s GPU-hours in %(months)s month: that is %(gpus)s of the machine's %(all)s GPUs, day and night.",
        "%(hours)s GPU-hours in %(months)s months: that is %(gpus)s of the machine's %(all)s GPUs, day and night.",
        months,
    )
    if gpus <= MOST_OF_A_MACHINE * machine_gpus:
        return [Advice(told % facts, is_warning=False)]
    more = _("Others use them too, so expect to wait. Ask for longer, if you can.")
    return [Advice(f"{told % facts} {more}", is_warning=True)]


def _number(value: Fraction) -> str:
    """With the decimals it needs to say something: 41, 4.2, 0.08."""
    if value >= PLAIN_FROM:
        return number_format(round(value), use_l10n=True, force_grouping=True)
    shown = max(round(float(value), 1 if value >= 1 else 2), 0.01)
    return number_format(int(shown) if shown == int(shown) else shown, use_l10n=True)
