"""Which figures a mode may have, and what each looks like. Pure checks for loading."""

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

UNITS = ("gpu_hour", "node_hour")
CLOCK_UNITS = ("working_day", "week", "month")
CLOCK_STARTS = ("submission", "cut_off", "unknown")
STEPS = ("eligibility", "administrative", "technical", "peer_review", "scientific")
PRICES = ("free", "market")
POOLS = (
    "union_aif_industrial",
    "union_aif_science",
    "union_other",
    "union_commercial",
    "national",
    "directors_reserve",
)
WHOLE = 100
MOST_HOURS = 10**9
MOST_MONTHS = 60
MOST_DATES = 200
MOST_ANSWER = 60  # working days in which an applicant accepts or declines an award
MOST_CLOCK = {"working_day": 250, "week": 52, "month": 12}


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= MOST_HOURS


def _is_percent(value: Any) -> bool:
    return type(value) is int and 0 <= value <= WHOLE


def _is_month(value: Any) -> bool:
    return _is_count(value) and value <= MOST_MONTHS


def _are_months(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_month, value)) and value == sorted(set(value))


def _is_menu(value: Any) -> bool:
    return set(value) == {"from", "to"} and _is_count(value["from"]) and value["from"] < value["to"]


def _is_opening(value: Any) -> bool:
    """First come, or a list of days in order, at a time in a zone where these are known."""
    if value == {"how": "first_come"}:
        return True
    days = [date.fromisoformat(one) for one in value["dates"]]
    if value["time"] is not None:
        time.fromisoformat(value["time"])
        ZoneInfo(value["zone"])
    is_whole = set(value) == {"how", "time", "zone", "dates"} and value["how"] == "cut_offs"
    return is_whole and 0 < len(days) <= MOST_DATES and days == sorted(set(days))


def _is_clock(value: Any) -> bool:
    is_span = _is_count(value["at_most"]) and 0 < value.get("at_least", 1) <= value["at_most"]
    is_known = value["unit"] in CLOCK_UNITS and value["from"] in CLOCK_STARTS
    return bool(is_span and is_known and value["at_most"] <= MOST_CLOCK[value["unit"]])


def _is_pool(value: Any) -> bool:
    caps = (value["percent_at_most"], value.get("together_percent_at_most"))
    return value["name"] in POOLS and all(one is None or _is_percent(one) for one in caps)


def _is_extension(value: Any) -> bool:
    return _is_count(value["months"]) and _is_percent(value["percent"]) and value["on"] == "interim_report"


VALUES: Mapping[str, Callable[[Any], bool]] = {
    "unit": lambda value: value in UNITS,
    "size_above": _is_count,
    "size_at_least": _is_count,
    "size_at_most": _is_count,
    "package": _is_count,
    "menu": _is_menu,
    "inference_percent_at_most": _is_percent,
    "months": _are_months,
    "renewals": _is_count,
    "systems": _is_count,
    "opening": _is_opening,
    "steps": lambda value: bool(value) and set(value) <= set(STEPS),
    "clock": _is_clock,
    "answer_working_days": lambda value: _is_count(value) and value <= MOST_ANSWER,
    "price": lambda value: value in PRICES,
    "pool": _is_pool,
    "extension": _is_extension,
}
