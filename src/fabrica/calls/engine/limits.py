"""Sizes, durations and shares of a mode against what a profile wants, in whole numbers: no limit is rounded."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.reasons import Part, Reason
from fabrica.calls.engine.terms import Figure, Terms

HOURS_PER_DAY = 24
DAYS_PER_MONTH = 30
Hours = int | Fraction
SIZES: Mapping[str, Callable[[Hours, Hours], bool]] = {
    "size_above": lambda hours, limit: hours > limit,
    "size_at_least": lambda hours, limit: hours >= limit,
    "size_at_most": lambda hours, limit: hours <= limit,
    "package": lambda hours, limit: hours <= limit,
}


def reasons(terms: Terms, profile: Profile) -> Iterator[Reason]:
    """Every limit of the mode, met or not."""
    for name in SIZES:
        if name in terms.figures:
            yield _size(terms.figures[name], terms.value("unit"), profile)
    if "inference_percent_at_most" in terms.figures:
        yield _inference(terms.figures["inference_percent_at_most"], profile)
    if "months" in terms.figures:
        yield _months(terms.figures["months"], profile)
        yield from _calendar(terms.figures["months"], profile)


def _unknown(figure: Figure) -> Reason:
    return Reason(figure.id, None, figure.source, parts=(Part(f"{figure.id}_unknown"),))


def _size(figure: Figure, unit: str | None, profile: Profile) -> Reason:
    if figure.value is None or unit is None:
        return _unknown(figure)
    rule = Part(figure.id, {"limit": figure.value, "unit": unit})
    asks = tuple(key for key in ("hours", "unit") if getattr(profile, key) is None)
    if profile.hours is None or profile.unit is None:
        return Reason(figure.id, None, figure.source, parts=(rule, Part("hours_unsaid")), asks=asks)
    wanted = Part("hours_wanted", {"hours": profile.hours, "unit": profile.unit})
    if unit == profile.unit:
        return Reason(figure.id, SIZES[figure.id](profile.hours, figure.value), figure.source, parts=(rule, wanted))
    if profile.gpus_per_node is None:
        asks = ("gpus_per_node",)
        return Reason(figure.id, None, figure.source, parts=(rule, wanted, Part("node_unsaid")), asks=asks)
    hours, limit = (_gpu_hours(*one, profile.gpus_per_node) for one in _pair(profile, figure.value, unit))
    node = Part("node", {"gpus": profile.gpus_per_node})
    return Reason(figure.id, SIZES[figure.id](hours, limit), figure.source, parts=(rule, wanted, node))


def _pair(profile: Profile, limit: int, unit: str) -> tuple[tuple[Hours, str], tuple[Hours, str]]:
    return (profile.hours or 0, profile.unit or unit), (limit, unit)


def _gpu_hours(hours: Hours, unit: str, gpus_per_node: Hours) -> Hours:
    return hours * gpus_per_node if unit == "node_hour" else hours


def _inference(figure: Figure, profile: Profile) -> Reason:
    return _against(figure, "inference_percent", profile, Part(figure.id, {"limit": figure.value}))


def _months(figure: Figure, profile: Profile) -> Reason:
    if figure.value is None:
        return _unknown(figure)
    code = "months" if len(figure.value) > 1 else "months_fixed"
    return _against(figure, "months", profile, Part(code, {"limit": figure.value[-1], "choices": figure.value}))


def _against(figure: Figure, key: str, profile: Profile, rule: Part) -> Reason:
    """At most the rule's limit."""
    wanted: Any = getattr(profile, key)
    if wanted is None:
        return Reason(figure.id, None, figure.source, parts=(rule, Part(f"{key}_unsaid")), asks=(key,))
    told = Part(f"{key}_wanted", {"wanted": wanted})
    return Reason(figure.id, wanted <= rule.values["limit"], figure.source, parts=(rule, told))


def _calendar(figure: Figure, profile: Profile) -> Iterator[Reason]:
    """Whether the hours fit into the longest duration, where the profile says how many GPUs work at once."""
    hours = _all_gpu_hours(profile)
    if figure.value is None or hours is None or profile.gpus_at_once is None:
        return
    days = -(-hours // (HOURS_PER_DAY * profile.gpus_at_once))
    facts = {"days": days, "gpus": profile.gpus_at_once, "limit": figure.value[-1]}
    holds = days <= DAYS_PER_MONTH * figure.value[-1]
    yield Reason("calendar", holds, figure.source, parts=(Part("calendar", facts),))


def _all_gpu_hours(profile: Profile) -> Hours | None:
    if profile.hours is None or profile.unit is None:
        return None
    if profile.unit == "node_hour" and profile.gpus_per_node is None:
        return None
    return _gpu_hours(profile.hours, profile.unit, profile.gpus_per_node or 1)
