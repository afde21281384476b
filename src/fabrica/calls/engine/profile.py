"""Who asks for what: the answers that rules look at. Every answer may be missing."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, NoReturn

from fabrica.kit.errors import Refused

FORMAT = "fabrica-profile/1"
MAX_BYTES = 20_000
SHOWN = 60
FORMAT_HELP = "The format stands in docs/applicant/route.md."
COUNTRY = re.compile(r"[A-Z]{2}")
# The choices of each question; none listed: two capital letters.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "organisation": ("company", "university", "public", "collective", "person"),
    "country": (),
    "frame": ("none", "horizon_europe", "digital_europe", "seal_of_excellence", "other"),
    "aim": ("innovation", "research", "benchmark", "development", "service"),
    "unit": ("gpu_hour", "node_hour"),
}
FLAGS = ("sme", "ai", "civilian", "experience", "personal_data")
MOST: Mapping[str, int] = {
    "hours": 10**9, "gpus_per_node": 64, "gpus_at_once": 10**6, "months": 120, "inference_percent": 100,
}  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """The answers. None: not said. `sme` is true for start-ups too; `hours` are in `unit`.

    Whoever answers says whole hours; an application may ask for a part of one, which is as exact.
    """

    organisation: str | None = None
    country: str | None = None
    sme: bool | None = None
    frame: str | None = None
    aim: str | None = None
    ai: bool | None = None
    civilian: bool | None = None
    experience: bool | None = None
    personal_data: bool | None = None
    hours: int | Fraction | None = None
    unit: str | None = None
    gpus_per_node: int | Fraction | None = None
    gpus_at_once: int | None = None
    months: int | None = None
    inference_percent: int | None = None

    def said(self) -> dict[str, Any]:
        """What was answered."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def read(raw: bytes | str) -> Profile:
    """The profile in a file's content. Raises Refused."""
    if len(raw) > MAX_BYTES:
        raise Refused("The file is too large.", why=f"{MAX_BYTES} bytes are the most.", todo=FORMAT_HELP)
    try:
        loaded = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = f"{error}" if isinstance(error, ValueError) else "It is nested too deeply."
        raise Refused("The file is no JSON document.", why=why[:300], todo=FORMAT_HELP) from error
    if not isinstance(loaded, Mapping) or loaded.get("format") != FORMAT:
        _refuse("format", f"It must be {FORMAT!r}.")
    return profile_from({key: value for key, value in loaded.items() if key != "format"})


def profile_from(answers: Mapping[str, Any]) -> Profile:
    """A profile of answers by their key; null stands for not said. Raises Refused, naming the answer."""
    known = {*CHOICES, *FLAGS, *MOST}
    for key in answers:
        if key not in known:
            _refuse(str(key)[:SHOWN], "There is no such key.")
    return Profile(**{key: _checked(key, value) for key, value in answers.items() if value is not None})


def _checked(key: str, value: Any) -> Any:
    if key in FLAGS:
        return value if isinstance(value, bool) else _refuse(key, "It must be true, false or null.")
    if key in MOST:
        least = 0 if key == "inference_percent" else 1
        if type(value) is not int or not least <= value <= MOST[key]:
            _refuse(key, f"It must be a whole number from {least} to {MOST[key]}.")
        return value
    if CHOICES[key] and value not in CHOICES[key]:
        _refuse(key, f"It must be one of {', '.join(CHOICES[key])}.")
    if not CHOICES[key] and not (isinstance(value, str) and COUNTRY.fullmatch(value)):
        _refuse(key, "It must be two capital letters such as FR.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse(where: str, why: str) -> NoReturn:
    raise Refused(f"{where} cannot be used.", why=why, todo=FORMAT_HELP)
