"""Which modes fit a profile, which do not, and why. A pure function; what is not known never becomes a no."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from fabrica.calls.engine import limits
from fabrica.calls.engine.conditions import evidence, facts_of, holds
from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.reasons import Reason, Verdict, verdict_of
from fabrica.calls.engine.terms import Figure, Preparation, Rule, Terms, cut_off_days
from fabrica.kit.facts import CONFIDENCES, Source

ORDER = list(Verdict)


class When(StrEnum):
    """When a mode can be asked for."""

    NOW = "now"
    CUT_OFF = "cut_off"
    NONE_LEFT = "none_left"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Opening:
    """When it is next open. `at` is None where only the day is known; `figure` None where nothing is."""

    when: When
    figure: Figure | None = None
    day: date | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Route:
    """One mode for one profile. `asks`: the answers that would settle what is open."""

    terms: Terms
    verdict: Verdict
    reasons: tuple[Reason, ...]
    asks: tuple[str, ...]
    prepare: tuple[Preparation, ...]
    opening: Opening


@dataclass(frozen=True)
class Routes:
    """The answer: what fits first, then what may, then what does not; within these in the data's order."""

    profile: Profile
    on: datetime
    routes: tuple[Route, ...]

    def of(self, verdict: Verdict) -> list[Route]:
        return [one for one in self.routes if one.verdict is verdict]

    @property
    def asks(self) -> list[str]:
        """Every answer that would settle something, once."""
        return list(dict.fromkeys(key for one in self.routes for key in one.asks))


def route(profile: Profile, on: datetime, modes: Iterable[Terms]) -> Routes:
    """The routes of a profile on a moment (aware)."""
    found = sorted((_route(profile, on, terms) for terms in modes), key=lambda one: ORDER.index(one.verdict))
    return Routes(profile, on, tuple(found))


def weigh(profile: Profile, terms: Terms) -> tuple[Reason, ...]:
    """Every rule and limit of a mode against a profile, met, broken or open."""
    return (*(_rule(one, profile) for one in terms.rules), *limits.reasons(terms, profile))


def _route(profile: Profile, on: datetime, terms: Terms) -> Route:
    reasons = weigh(profile, terms)
    verdict = verdict_of(reasons)
    is_way = verdict is not Verdict.DOES_NOT_FIT
    asks = tuple(dict.fromkeys(key for one in reasons for key in one.asks)) if is_way else ()
    prepare = tuple(one for one in terms.prepare if is_way and _is_needed(one, profile))
    return Route(terms, verdict, reasons, asks, prepare, opening(terms, on))


def _rule(rule: Rule, profile: Profile) -> Reason:
    answer = holds(rule.needs, profile)
    missing = dict.fromkeys(one for one in facts_of(rule.needs) if getattr(profile, one) is None)
    asks = tuple(missing) if answer is None else ()
    about = tuple(dict.fromkeys(facts_of(rule.needs)))
    source = _with(rule.source, evidence(rule.needs, profile))
    return Reason(rule.id, answer, source, text=rule.text, asks=asks, is_advice=rule.is_advice, about=about)


def _with(rule: Source, fact: Source | None) -> Source:
    """Where a rule and the fact that met or broke it are written: no surer than the less sure, as old as the older."""
    if fact is None:
        return rule
    sure = max(rule.confidence, fact.confidence, key=CONFIDENCES.index)
    return Source(f"{rule.text}; {fact.text}", min(rule.checked_on, fact.checked_on), sure)


def _is_needed(one: Preparation, profile: Profile) -> bool:
    return one.when is None or holds(one.when, profile) is not False


def opening(terms: Terms, on: datetime) -> Opening:
    """Open now, or the next published cut-off after this moment; of a day without a time, the day itself counts."""
    figure = terms.figures.get("opening")
    if figure is None or figure.value is None:
        return Opening(When.UNKNOWN, figure)
    if figure.value["how"] == "first_come":
        return Opening(When.NOW, figure)
    at = figure.value["time"]
    for day in cut_off_days(figure.value):
        if at is None:
            if day >= on.date():
                return Opening(When.CUT_OFF, figure, day)
        elif (moment := datetime.combine(day, time.fromisoformat(at), ZoneInfo(figure.value["zone"]))) > on:
            return Opening(When.CUT_OFF, figure, day, moment)
    return Opening(When.NONE_LEFT, figure)
