"""Which conditions follow from what the gate said: rows of a data file, each with its source. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of
from fabrica.trust.engine.articles import article_in
from fabrica.trust.states import Blocks, Owner

SOURCE_LANGUAGE = "en"
FACTS = {"personal_data", "high_risk_left"}  # what `services.impact` looks at


@dataclass(frozen=True)
class Grounds:
    """The article that a condition carries out, and where its days and limits come from, as `Source.as_dict` tells."""

    article: str
    told: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One condition: any of these labels, duties or rules brings it, or a fact that its own service looks at.

    `article` is what it carries out, `source` where its days and limits come from.
    """

    key: str
    labels: frozenset[str]
    duties: frozenset[str]
    rules: frozenset[str]
    owner: Owner
    blocks: Blocks
    run_gpu_seconds: int | None
    days: int
    words: Mapping[str, str]
    article: str
    source: Source
    facts: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """As it is kept on record."""
        return self.words[SOURCE_LANGUAGE]

    @property
    def kept(self) -> str:
        """The article and the source, with its day and confidence, as they are kept on record."""
        return f"{self.article}. {self.source}"

    def grounds(self, language: str | None) -> Grounds:
        """The article and the source in a language."""
        told = {**self.source.as_dict(), "source": article_in(language, self.source.text)}
        return Grounds(article_in(language, self.article), told)

    def said(self, language: str | None) -> str:
        """In a language, where the data has it."""
        return self.words.get((language or SOURCE_LANGUAGE).partition("-")[0], self.text)


@cache
def rows() -> tuple[Row, ...]:
    """All rows, validated: known words only, each with a source, no key twice, a limit where runs wait."""
    found = tuple(_row(one) for one in load("fabrica.trust", "conditions.json")["conditions"])
    if len({one.key for one in found}) != len(found):
        raise ValueError("a condition's key stands twice")
    return found


def _row(told: Mapping[str, Any]) -> Row:
    words = {SOURCE_LANGUAGE: told["text"]} | {
        name.removeprefix("text_"): text for name, text in told.items() if name.startswith("text_")
    }
    labels, duties, rules = (frozenset(told[name]) for name in ("labels", "duties", "rules"))
    made = Row(
        told["key"], labels, duties, rules, Owner(told["owner"]), Blocks(told["blocks"]), told.get("run_gpu_seconds"),
        told["days"], words, told["article"], source_of(dict(told)), frozenset(told.get("facts", ())),
    )  # fmt: skip
    if made.facts - FACTS:
        raise ValueError(f"nobody looks at this fact: {made.key}")
    if made.days <= 0 or not (made.labels | made.duties | made.rules | made.facts):
        raise ValueError(f"a condition needs days and a cause: {made.key}")
    if (made.blocks is Blocks.RUN) != (made.run_gpu_seconds is not None):
        raise ValueError(f"a condition says from how many GPU-seconds on runs wait, and only then: {made.key}")
    return made


def owed_by(labels: Iterable[str], duties: Iterable[str], rules: Iterable[str]) -> tuple[Row, ...]:
    """The conditions that these bring, in the order of the file, each once."""
    sets = frozenset(labels), frozenset(duties), frozenset(rules)
    return tuple(one for one in rows() if one.labels & sets[0] or one.duties & sets[1] or one.rules & sets[2])


def row_of(key: str) -> Row:
    """The row of that key. Raises ValueError."""
    found = next((one for one in rows() if one.key == key), None)
    if found is None:
        raise ValueError(f"there is no condition {key}")
    return found


def of_facts() -> tuple[str, ...]:
    """The keys that no answer of the gate brings or takes away."""
    return tuple(one.key for one in rows() if one.facts)


def soon_owed(duties: Iterable[Mapping[str, Any]], day: date) -> list[str]:
    """Of an assessment's duties those that bring conditions: certain, not the site's own, and begun or about to begin.

    What begins later is told by the assessment; asking for it years ahead would hold up work for nothing.
    """
    last = day + timedelta(days=_within_days())
    return [
        str(one["duty"]) for one in duties
        if one["certain"] and one["owed_by"] != Owner.SITE and date.fromisoformat(one["applies_from"]) <= last
    ]  # fmt: skip


@cache
def _within_days() -> int:
    loaded = load("fabrica.trust", "conditions.json")
    source_of(loaded)
    return int(loaded["duties_within_days"])


def words_of(key: str, text: str, language: str | None) -> str:
    """A condition's text in a language, where the data has it and still says the same in its own."""
    found = next((one for one in rows() if one.key == key and one.text == text), None)
    return found.said(language) if found else text


def grounds_of(key: str, kept: str, language: str | None) -> Grounds | None:
    """The article and source of a condition in a language, where the data still says what was kept of them."""
    found = next((one for one in rows() if one.key == key and one.kept == kept), None)
    return found.grounds(language) if found else None
