"""Conditions on answers and rules, in three values: True, False, and None where it is not known."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Protocol

Truth = bool | None


class Node(Protocol):
    """A condition, or a part of one."""

    def value(self, facts: "Facts") -> Truth:
        """Whether it holds."""

    def open(self, facts: "Facts") -> AbstractSet[str]:
        """The questions nobody has answered yet on which it still hangs; asked only where the value is None."""

    def parts_of(self) -> tuple["Node", ...]:
        """What it is made of."""


class Held(dict[str, Truth]):
    """What each rule comes to, worked out when it is first asked for."""

    def __init__(self, facts: "Facts") -> None:
        super().__init__()
        self._facts = facts

    def __missing__(self, rule: str) -> Truth:
        found = self._facts.conditions[rule].value(self._facts)
        self[rule] = found
        return found


@dataclass
class Facts:
    """What is known: each question's truth or number, what was answered at all, the day, and every rule's condition."""

    said: Mapping[str, Truth]
    numbers: Mapping[str, Fraction | None]
    given: AbstractSet[str]
    day: date
    conditions: Mapping[str, Node]
    held: Held = field(init=False)
    named: dict[str, Truth] = field(default_factory=dict)
    _opened: dict[str, AbstractSet[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held = Held(self)

    def opened(self, name: str, node: "Node") -> AbstractSet[str]:
        """The unanswered questions on which a rule or a named condition hangs, worked out once."""
        if name not in self._opened:
            self._opened[name] = node.open(self)
        return self._opened[name]


@dataclass(frozen=True)
class Yes:
    """The question is answered with yes."""

    question: str

    def value(self, facts: Facts) -> Truth:
        return facts.said[self.question]

    def open(self, facts: Facts) -> AbstractSet[str]:
        return {self.question} - facts.given

    def parts_of(self) -> tuple[Node, ...]:
        return ()


@dataclass(frozen=True)
class More:
    """A number is above a figure, or above so many times another number (`of`); counted together with one (`plus`)."""

    question: str
    figure: Fraction
    of: str | None = None
    plus: str | None = None

    def value(self, facts: Facts) -> Truth:
        said, other = facts.numbers[self.question], facts.numbers[self.of] if self.of else Fraction(1)
        more = facts.numbers[self.plus] if self.plus else Fraction(0)
        return None if said is None or other is None or more is None else said + more > self.figure * other

    def open(self, facts: Facts) -> AbstractSet[str]:
        return {one for one in (self.question, self.of, self.plus) if one} - facts.given

    def parts_of(self) -> tuple[Node, ...]:
        return ()


@dataclass(frozen=True)
class Before:
    """The day lies before this one."""

    day: date

    def value(self, facts: Facts) -> Truth:
        return facts.day < self.day

    def open(self, facts: Facts) -> AbstractSet[str]:  # noqa: ARG002 - a day is always known
        return frozenset()

    def parts_of(self) -> tuple[Node, ...]:
        return ()


@dataclass(frozen=True)
class Holds:
    """Another rule holds."""

    rule: str

    def value(self, facts: Facts) -> Truth:
        return facts.held[self.rule]

    def open(self, facts: Facts) -> AbstractSet[str]:
        return facts.opened(self.rule, facts.conditions[self.rule])

    def parts_of(self) -> tuple[Node, ...]:
        return ()


@dataclass(frozen=True)
class Named:
    """A condition that several rules share; weighed once."""

    name: str
    node: Node

    def value(self, facts: Facts) -> Truth:
        if self.name not in facts.named:
            facts.named[self.name] = self.node.value(facts)
        return facts.named[self.name]

    def open(self, facts: Facts) -> AbstractSet[str]:
        return facts.opened(self.name, self.node)

    def parts_of(self) -> tuple[Node, ...]:
        return (self.node,)


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]

    def value(self, facts: Facts) -> Truth:
        is_known = True
        for part in self.parts:
            found = part.value(facts)
            if found is False:
                return False
            is_known = is_known and found is not None
        return True if is_known else None

    def open(self, facts: Facts) -> AbstractSet[str]:
        return _open(self.parts, facts)

    def parts_of(self) -> tuple[Node, ...]:
        return self.parts


@dataclass(frozen=True)
class Some:
    """At least one part holds; or none does, where `is_none`."""

    parts: tuple[Node, ...]
    is_none: bool = False

    def value(self, facts: Facts) -> Truth:
        is_known = True
        for part in self.parts:
            found = part.value(facts)
            if found:
                return not self.is_none
            is_known = is_known and found is not None
        return self.is_none if is_known else None

    def open(self, facts: Facts) -> AbstractSet[str]:
        return _open(self.parts, facts)

    def parts_of(self) -> tuple[Node, ...]:
        return self.parts


def _open(parts: tuple[Node, ...], facts: Facts) -> AbstractSet[str]:
    return {one for part in parts if part.value(facts) is None for one in part.open(facts)}


def walk(node: Node, *, is_kept: bool = True) -> Iterator[tuple[Node, bool]]:
    """Each part, itself among them, and whether it counts as it is (or turned round)."""
    yield node, is_kept
    turned = isinstance(node, Some) and node.is_none
    for part in node.parts_of():
        yield from walk(part, is_kept=is_kept != turned)


def questions_of(node: Node) -> Iterator[tuple[str, bool]]:
    """The questions it asks itself, and whether a yes, or more, makes it hold; a number it is compared with: less."""
    for part, is_kept in walk(node):
        if isinstance(part, Yes | More):
            yield part.question, is_kept
        if isinstance(part, More) and part.of:
            yield part.of, not is_kept
        if isinstance(part, More) and part.plus:
            yield part.plus, is_kept


def rules_of(node: Node) -> Iterator[str]:
    """The rules it names."""
    return (part.rule for part, _ in walk(node) if isinstance(part, Holds))
