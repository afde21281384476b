"""Who is linked with whom: Article 3(3). Enterprises that control each other, directly or jointly, form one group."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from fabrica.people.engine.sme.graph import Ownership


@dataclass(frozen=True)
class Step:
    """One relation that links two enterprises: `why` is `votes`, `control`, `jointly` or `persons`."""

    first: str
    second: str
    why: str
    through: tuple[str, ...] = ()


def controlled(ownership: Ownership, start: Iterable[str], majority: Decimal) -> set[str]:
    """What these holders control together, also through what they control."""
    inside, votes = set(start), dict[str, Decimal]()
    first, todo = frozenset(inside), sorted(inside)
    while todo:
        for link in ownership.holdings.get(todo.pop(), ()):
            votes[link.held] = votes.get(link.held, Decimal(0)) + link.votes
            if link.held not in inside and (votes[link.held] > majority or ownership.controls(link)):
                inside.add(link.held)
                todo.append(link.held)
    return inside - first


class Groups:
    """Linked enterprises, joined while majorities are found; a cycle is a group like any other."""

    def __init__(self, ownership: Ownership, majority: Decimal) -> None:
        self._ownership, self._majority = ownership, majority
        nodes = [one for one in sorted(ownership.enterprises) if ownership.is_enterprise(one)]
        self._leader = {one: one for one in nodes}
        self._members = {one: [one] for one in nodes}
        self._votes: dict[str, dict[str, Decimal]] = {one: self._held(one) for one in nodes}
        self._steps: dict[str, list[Step]] = {one: [] for one in nodes}
        for one in nodes:
            for link in ownership.holdings.get(one, ()):
                if ownership.controls(link) or link.votes > majority:
                    self.join(Step(one, link.held, "votes" if link.votes > majority else "control"))

    def _held(self, holder: str) -> dict[str, Decimal]:
        return {link.held: link.votes for link in self._ownership.holdings.get(holder, ())}

    def leader(self, name: str) -> str:
        """The name by which the group of an enterprise goes."""
        return self._leader[name]

    def members(self, name: str) -> list[str]:
        """The enterprises linked with this one, itself among them, in order."""
        return sorted(self._members[self._leader[name]])

    def join(self, step: Step) -> None:
        """Link two enterprises, and all that a majority of the joined group's votes then links."""
        todo = [step]
        while todo:
            one = todo.pop()
            self._steps[one.first].append(one)
            self._steps[one.second].append(one)
            todo += self._merge(self._leader[one.first], self._leader[one.second])

    def _merge(self, large: str, small: str) -> Iterator[Step]:
        """The smaller group goes into the larger, so that each vote is moved few times."""
        if large == small:
            return
        if len(self._votes[large]) < len(self._votes[small]):
            large, small = small, large
        for name in self._members.pop(small):
            self._leader[name] = large
            self._members[large].append(name)
        votes = self._votes[large]
        moved = self._votes.pop(small)
        for held, share in moved.items():
            votes[held] = votes.get(held, Decimal(0)) + share
        for held in moved:
            if votes[held] > self._majority and self._leader[held] != large:
                yield from self._joint(large, held)

    def _joint(self, leader: str, held: str) -> Iterator[Step]:
        """Steps from each holder, where none has the majority alone: that is a step of its own."""
        found = self._ownership.holders[held]
        links = [one for one in found if self._leader.get(one.holder) == leader and one.votes > 0]
        if all(one.votes <= self._majority for one in links):
            holders = tuple(one.holder for one in links)
            yield from (Step(one, held, "jointly", holders) for one in holders)

    def paths(self, start: str) -> dict[str, tuple[Step, ...]]:
        """The shortest way of relations from an enterprise to each one linked with it."""
        found: dict[str, tuple[Step, ...]] = {start: ()}
        todo = deque([start])
        while todo:
            here = todo.popleft()
            for step in sorted(self._steps[here], key=lambda one: (one.first, one.second, one.why, one.through)):
                there = step.second if step.first == here else step.first
                if there not in found:
                    found[there] = (*found[here], step)
                    todo.append(there)
        return found
