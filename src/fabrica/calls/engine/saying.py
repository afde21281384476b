"""Reasons, figures and openings in words. A voice brings the language: English here, gettext's on pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from fabrica.calls.engine.mode import Mode
from fabrica.calls.engine.reasons import Reason
from fabrica.calls.engine.routing import Opening, When
from fabrica.calls.engine.sentences import LABELS, NAMES, SENTENCES, UNITS, WORDS
from fabrica.calls.engine.terms import Figure, Terms, text_of

__all__ = ["ENGLISH", "NAMES", "Voice", "access", "figure", "label", "opening", "reason", "size"]


@dataclass(frozen=True)
class Voice:
    """How to say things: the language of the data's own words, the translation of ours, numbers and days."""

    language: str = "en"
    translate: Callable[[str], str] = lambda text: text
    unit: Callable[[str], str] = lambda text: text
    number: Callable[[int], str] = lambda number: f"{number:,}"
    day: Callable[[date], str] = lambda day: day.isoformat()

    def sentence(self, code: str, values: Mapping[str, Any] | None = None) -> str:
        """A sentence of ours with its values, numbers grouped, units in words."""
        told = {key: self.word(value) for key, value in (values or {}).items()}
        return self.translate(SENTENCES[code]) % told

    def word(self, value: Any) -> str:
        """A value as it stands in a sentence."""
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, Fraction):
            return self.number(int(value)) if value.denominator == 1 else str(round(float(value), 2))
        if isinstance(value, list | tuple):
            return ", ".join(self.word(one) for one in value)
        if value in UNITS:
            return self.unit(UNITS[value])
        return self.translate(WORDS[value]) if value in WORDS else str(value)


ENGLISH = Voice()


def reason(one: Reason, voice: Voice = ENGLISH) -> str:
    """The rule, then what the profile says about it."""
    if one.text:
        return text_of(one.text, voice.language)
    return " ".join(voice.sentence(part.code, part.values) for part in one.parts)


def opening(one: Opening, voice: Voice = ENGLISH) -> str:
    """When it is next open."""
    if one.when is When.UNKNOWN:
        return voice.sentence("opening_unknown")
    if one.when is not When.CUT_OFF or one.day is None:
        return voice.sentence(one.when.value)
    return voice.sentence("cut_off", {"at": _moment(one.day, one.at, voice)})


def _moment(day: date, at: datetime | None, voice: Voice) -> str:
    return voice.day(day) if at is None else f"{voice.day(day)}, {at:%H:%M} ({at.tzinfo})"


def label(figure: Figure, voice: Voice = ENGLISH) -> str:
    """What a figure is called."""
    return voice.translate(LABELS[figure.id])


def figure(one: Figure, terms: Terms, voice: Voice = ENGLISH) -> str:
    """A figure's value in words."""
    if one.value is None:
        return voice.sentence("unknown")
    if one.id in SAID:
        return SAID[one.id](one.value, voice)
    if one.id in ("size_above", "size_at_least", "size_at_most", "package"):
        return f"{voice.number(one.value)} {voice.word(terms.value('unit'))}"
    if one.id == "menu":
        return voice.sentence("menu", {**one.value, "unit": terms.value("unit")})
    return voice.word(one.value)


def size(mode: Mode, voice: Voice = ENGLISH) -> str:
    """From how many hours to how many a call gives, and what a node-hour was counted as."""
    code = "hours_above" if mode.is_more_than_min else "hours_from" if mode.gpu_hours_min else "hours_up_to"
    told = voice.sentence(code, {"least": mode.gpu_hours_min, "most": mode.gpu_hours_max})
    if mode.gpus_per_node is None:
        return told
    gpus = mode.gpus_per_node
    facts = {"hours": told, "gpus": int(gpus) if gpus.denominator == 1 else str(gpus)}
    return voice.sentence("hours_of_nodes", facts)


def access(mode: Mode, voice: Voice = ENGLISH) -> str:
    """Within how long a call promises access, and from when that counts."""
    unit = f"one_{mode.promise.unit}" if mode.promise.at_most == 1 else mode.promise.unit
    return voice.sentence("access", {"at_most": mode.promise.at_most, "unit": unit, "from": mode.promise.starts})


def _opening(value: Mapping[str, Any], voice: Voice) -> str:
    if value["how"] == "first_come":
        return voice.sentence("first_come")
    told = {**value, "days": "; ".join(voice.day(date.fromisoformat(one)) for one in value["dates"])}
    return voice.sentence("cut_offs_at" if value["time"] else "cut_offs", told)


def _clock(value: Mapping[str, Any], voice: Voice) -> str:
    unit = f"one_{value['unit']}" if value["at_most"] == 1 else value["unit"]
    return voice.sentence("clock_span" if "at_least" in value else "clock", {**value, "unit": unit})


def _pool(value: Mapping[str, Any], voice: Voice) -> str:
    code = "pool_together" if "with" in value else "pool_capped" if value["percent_at_most"] is not None else "pool"
    told = {"name": value["name"], "percent": value["percent_at_most"], "with": value.get("with", [])}
    return voice.sentence(code, {**told, "together": value.get("together_percent_at_most")})


def _answer(value: int, voice: Voice) -> str:
    return voice.sentence("one_answer" if value == 1 else "answer", {"days": value})


SAID: Mapping[str, Callable[[Any, Voice], str]] = {
    "opening": _opening,
    "clock": _clock,
    "answer_working_days": _answer,
    "pool": _pool,
    "extension": lambda value, voice: voice.sentence("extension", value),
    "inference_percent_at_most": lambda value, _voice: f"{value} %",
}
