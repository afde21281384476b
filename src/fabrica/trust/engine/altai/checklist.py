"""The list as values: requirements, topics, items, and what one can answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from fabrica.kit.facts import Source

ENGLISH = "en"


class Answer(StrEnum):
    """What one can answer. Unsure is never yes; not applicable does not count at all."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"
    UNSURE = "unsure"


class Kind(StrEnum):
    """How an item is answered: by degrees, or as a plain fact that is not half true."""

    DEGREE = "degree"
    FACT = "fact"

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What may be answered."""
        return tuple(one for one in Answer if self is Kind.DEGREE or one is not Answer.PARTLY)


class Worded:
    """Something with words in more than one language."""

    words: Mapping[str, str]

    def said(self, name: str, language: str | None = ENGLISH) -> str:
        """The words of that name: in the language, else in English."""
        spoken = (language or ENGLISH).partition("-")[0]
        return self.words.get(f"{name}_{spoken}") or self.words[name]


@dataclass(frozen=True)
class Item(Worded):
    """A question; `weight` 1 to 3 says how much hangs on it."""

    id: str
    requirement: str
    topic: str
    kind: Kind
    weight: int
    is_gate: bool
    words: Mapping[str, str]


@dataclass(frozen=True)
class Topic(Worded):
    """A part of a requirement."""

    id: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Requirement(Worded):
    """One of the seven."""

    id: str
    topics: tuple[Topic, ...]
    words: Mapping[str, str]


@dataclass(frozen=True)
class Checklist(Worded):
    """A version of the list, as it was read and checked."""

    version: str
    valid_from: date
    source: Source
    requirements: tuple[Requirement, ...]
    items: tuple[Item, ...]
    words: Mapping[str, str]

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Each item by its id."""
        return {one.id: one for one in self.items}
