"""The questions as values: sections, what is asked in each, and what is asked of each risk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from fabrica.kit.facts import Source
from fabrica.trust.engine.altai.checklist import ENGLISH, Worded

MOST_LETTERS = 3_000  # of an answer
MOST_RISKS = 30


class Kind(StrEnum):
    """How a question is answered. A flag is yes, no or unsure, and unsure counts as yes."""

    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    DATE = "date"


class Role(StrEnum):
    """What a flag of the screening says: one of the cases in which the law always asks, or a sign of high risk."""

    ALWAYS = "always"
    SIGN = "sign"


FLAGS = ("yes", "no", "unsure")


@dataclass(frozen=True)
class Option(Worded):
    """One answer of a choice."""

    id: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Question(Worded):
    """A question; `when` names what must be so for it to be owed, empty: always."""

    id: str
    kind: Kind
    role: Role | None
    when: str
    article: str
    options: tuple[Option, ...]
    words: Mapping[str, str]

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered, where that is a closed list."""
        return FLAGS if self.kind is Kind.FLAG else tuple(one.id for one in self.options)

    def shown(self, answer: str, language: str | None = ENGLISH) -> str:
        """A choice in words; a text as it is. Flags are named by who shows them."""
        found = next((one for one in self.options if one.id == answer), None)
        return found.said("label", language) if found else answer


@dataclass(frozen=True)
class Section(Worded):
    """A part of the form, one page of it; that of the risks has no questions of its own."""

    id: str
    article: str
    questions: tuple[Question, ...]
    words: Mapping[str, str]


@dataclass(frozen=True)
class Example(Worded):
    """A risk that is often seen, to think of."""

    words: Mapping[str, str]


@dataclass(frozen=True)
class Questions:
    """A version of the form, as it was read and checked. `needed_from`: how many signs ask for an assessment."""

    version: str
    valid_from: date
    source: Source
    needed_from: int
    sections: tuple[Section, ...]
    risk: tuple[Question, ...]
    examples: tuple[Example, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        """Each question by its id."""
        return {one.id: one for section in self.sections for one in section.questions}

    @cached_property
    def places(self) -> Mapping[str, str]:
        """The section of each question."""
        return {one.id: section.id for section in self.sections for one in section.questions}

    def section(self, key: str) -> Section | None:
        """A section by its id."""
        return next((one for one in self.sections if one.id == key), None)
