"""A document's language: as its data declares, else `zxx` for code, else as its words look, else `und`."""

from fabrica.evaluation.battery.languages import language_of

LOOKED_AT = 4_000
CODE = frozenset("{}()[]=<>;_#\\|")
CODE_SHARE = 0.04
UNKNOWN, SEVERAL, NO_LANGUAGE = "und", "mul", "zxx"


def language_in(text: str, declared: str = "") -> str:
    """The ISO 639 code of a document's language; code is where brackets and their like are many."""
    if declared not in {"", UNKNOWN, SEVERAL}:
        return declared
    signs = [sign for sign in text[:LOOKED_AT] if not sign.isspace()]
    if sum(sign in CODE for sign in signs) >= CODE_SHARE * max(1, len(signs)):
        return NO_LANGUAGE
    return language_of(text[:LOOKED_AT]) or UNKNOWN
