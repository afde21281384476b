"""Conditions on a profile, as rows of the data file; an answer may be: not known (None)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fabrica.calls.engine.profile import CHOICES, FLAGS, Profile
from fabrica.kit.facts import Source
from fabrica.people.engine.countries import SETTLED, countries

Answer = bool | None
Condition = Mapping[str, Any]
MOST_NESTED = 5


def holds(condition: Condition, profile: Profile) -> Answer:
    """Whether it holds. A list with `otherwise` null is not complete: what is not in it is not known."""
    if "all" in condition:
        return both(holds(one, profile) for one in condition["all"])
    if "any" in condition:
        told = both(_not(holds(one, profile)) for one in condition["any"])
        return _not(told)
    known = getattr(profile, condition["fact"])
    if known is None:
        return None
    if "is" in condition:
        return bool(known is condition["is"])
    if "standing" in condition:
        weighed = countries().weigh(known, condition["standing"])
        return weighed.answer if weighed else None
    return known in condition["one_of"] or condition.get("otherwise", False)


def evidence(condition: Condition, profile: Profile) -> Source | None:
    """What the answer rests on besides the rule itself: the fact of the world about the country."""
    if "standing" not in condition or profile.country is None:
        return None
    weighed = countries().weigh(profile.country, condition["standing"])
    return weighed.source if weighed else None


def both(answers: Iterable[Answer]) -> Answer:
    """False if one is, else not known if one is not, else True."""
    found = list(answers)
    return False if False in found else None if None in found else True


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer


def facts_of(condition: Condition) -> Iterator[str]:
    """What it asks about, in order."""
    for one in (*condition.get("all", ()), *condition.get("any", ())):
        yield from facts_of(one)
    if "fact" in condition:
        yield condition["fact"]


def check(condition: Condition, depth: int = 0) -> None:
    """Raises ValueError for a condition that nothing could answer."""
    if not isinstance(condition, Mapping) or depth > MOST_NESTED:
        raise ValueError(f"a condition that nothing can answer: {condition}")
    for name in ("all", "any"):
        if name in condition:
            if set(condition) != {name} or not condition[name]:
                raise ValueError(f"a condition that nothing can answer: {condition}")
            for one in condition[name]:
                check(one, depth + 1)
            return
    _check_plain(condition)


def _check_plain(condition: Condition) -> None:
    fact, given = str(condition.get("fact")), set(condition) - {"fact"}
    is_flag = fact in FLAGS and given == {"is"} and isinstance(condition["is"], bool)
    is_choice = fact in CHOICES and given in ({"one_of"}, {"one_of", "otherwise"})
    if is_choice:
        allowed = CHOICES[fact]
        is_choice = bool(condition["one_of"]) and (not allowed or set(condition["one_of"]) <= set(allowed))
        is_choice = is_choice and condition.get("otherwise") is None
    is_standing = fact == "country" and given == {"standing"} and bool(condition["standing"])
    is_standing = is_standing and set(condition["standing"]) <= set(SETTLED)
    if not (is_flag or is_choice or is_standing):
        raise ValueError(f"a condition that nothing can answer: {condition}")
