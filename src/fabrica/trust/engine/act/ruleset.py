"""A version of the rules: questions, duties and rules as they were read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from fabrica.kit.facts import Source
from fabrica.trust.engine.act.conditions import Node, Truth

ENGLISH = "en"
Words = Mapping[str, str]


class Decision(StrEnum):
    """What is decided, worst first. The same words as `trust.states.Decision`, without Django."""

    REJECT = "REJECT"
    REFER_ETHICS = "REFER_ETHICS"
    ACCEPT_CONDITIONS = "ACCEPT_CONDITIONS"
    ACCEPT = "ACCEPT"


SEVERITY = list(Decision)
OWERS = (
    "provider", "deployer", "provider or deployer", "importer", "distributor", "manufacturer", "representative",
    "applicant", "site",
)  # fmt: skip


def worst(*decisions: Decision) -> Decision:
    """The most severe of them; ACCEPT where there are none."""
    return min(decisions, key=SEVERITY.index, default=Decision.ACCEPT)


def said(words: Words, name: str, language: str) -> str:
    """Words of the data in a language, in English where they were not translated; empty where there are none."""
    return words.get(f"{name}_{language}") or words.get(name, "")


@dataclass(frozen=True)
class Question:
    """One question. A no to one that stands for others is a no to each of them, a yes to each that it rules out.

    `usual`: what most plain projects answer, to guess how many questions are left. `worse`: the answer that may
    lead to a refusal. `answered_by`: whether the applicant is asked, or the site knows.
    """

    id: str
    is_number: bool
    usual: str
    worse: str
    answered_by: str
    stands_for: tuple[str, ...]
    rules_out: tuple[str, ...]
    words: Words


@dataclass(frozen=True)
class Duty:
    """What somebody owes, and where that is written."""

    id: str
    article: str
    owed_by: str
    words: Words


@dataclass(frozen=True)
class Outcome:
    """What a rule leads to on the days from `applies_from` to `applies_to`, both included; None: without an end."""

    applies_from: date | None
    applies_to: date | None
    decision: Decision
    unsure: Decision
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Owed:
    """A duty of a rule, from a day on, where a condition holds. Disputed: authors differ about the day."""

    duty: str
    applies_from: date
    when: Node | None
    is_disputed: bool


@dataclass(frozen=True)
class Rule:
    """One rule: its condition (scope, all elements, no exception), and what it leads to.

    Where `excluded` holds, `softened` is decided instead, without labels.
    """

    id: str
    article: str
    words: Words
    condition: Node
    excluded: Node | None
    softened: Decision
    outcomes: tuple[Outcome, ...]
    owes: tuple[Owed, ...]
    consequence: str
    source: Source

    def on(self, day: date) -> Outcome:
        """The outcome that applies on a day; the reader saw to it that there is exactly one."""
        return next(one for one in self.outcomes if one.applies_to is None or day <= one.applies_to)


@dataclass(frozen=True)
class RuleSet:
    """All of one version. In force from `valid_from` until a later version is."""

    version: str
    words: Words
    valid_from: date
    checked_on: date
    labels: Mapping[str, Words]
    consequences: Mapping[str, Words]
    questions: Mapping[str, Question]
    duties: Mapping[str, Duty]
    rules: Mapping[str, Rule]

    @cached_property
    def conditions(self) -> Mapping[str, Node]:
        """Each rule's condition."""
        return {key: one.condition for key, one in self.rules.items()}

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """The question that stands for another, by the other."""
        return {member: one.id for one in self.questions.values() for member in one.stands_for}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each question."""
        return {key: place for place, key in enumerate(self.questions)}

    @cached_property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The questions that stand for others, outer ones first."""
        return tuple((key, one.stands_for) for key, one in self.questions.items() if one.stands_for)

    @cached_property
    def ruled_out(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The questions whose yes is a no to others."""
        return tuple((key, one.rules_out) for key, one in self.questions.items() if one.rules_out)

    @cached_property
    def nothing_said(self) -> Mapping[str, Truth]:
        """Each question that is answered with yes or no, not answered."""
        return {key: None for key, one in self.questions.items() if not one.is_number}

    @cached_property
    def nothing_counted(self) -> Mapping[str, Fraction | None]:
        """Each question that is answered with a number, not answered."""
        return {key: None for key, one in self.questions.items() if one.is_number}
