"""Why a waiting job waits, in words, from the machine's own word for it."""

from collections.abc import Callable

from fabrica.training.engine.reasons import BY_BUILD, BY_NAME, CLOSED, NO_HOURS, UNKNOWN, Words

MAX_CODE = 64


def reason_code(text: str) -> str:
    """The machine's word without its details: `ReqNodeNotAvail, UnavailableNodes:n[1-9]` is `ReqNodeNotAvail`."""
    return text.lstrip("( ").partition(",")[0].partition("(")[0].rstrip(")").strip().replace(" ", "_")[:MAX_CODE]


def words_of_reason(code: str, translate: Callable[[str], str] = str) -> Words:
    """What the machine's word means, and what to do about it; a word nobody knows is shown as it is."""
    found = _found(reason_code(code))
    if found is None:
        return Words(translate(UNKNOWN.sentence) % {"code": reason_code(code)}, translate(UNKNOWN.todo))
    return Words(translate(found.sentence), translate(found.todo))


def is_about_hours(code: str) -> bool:
    """Whether more hours would let it start."""
    return _found(reason_code(code)) in (NO_HOURS, CLOSED)


def _found(code: str) -> Words | None:
    by_build = (words for pattern, words in BY_BUILD if pattern.fullmatch(code))
    return BY_NAME.get(code) or next(by_build, None)
