"""Where something is written, in the language of who reads: what is kept and exported stays the English of the data."""

from functools import cache

from fabrica.kit.facts import load

FRENCH = "fr"


@cache
def french() -> dict[str, str]:
    """The French of each article and source that the data of this room names, by its English."""
    told = load("fabrica.trust", "articles-fr.json")
    return {**told["articles"], **told["sources"]}


def article_in(language: str | None, told: str) -> str:
    """An article, or a source, in a language; as it stands where nobody translated it."""
    return french().get(told, told) if (language or "").partition("-")[0] == FRENCH else told
