"""One thing that was looked at."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True)
class Finding:
    """What was seen, whether it is well, and what to do where it is not."""

    is_well: bool
    what: str
    todo: str = ""
    topic: str = ""

    def about(self, topic: str) -> Self:
        """The same, of a topic."""
        return replace(self, topic=topic)

    def as_dict(self) -> dict[str, Any]:
        """For `doctor --json`."""
        return asdict(self)


Check = Callable[[], Iterable[Finding]]


def well(what: str) -> Finding:
    """It is as it should be."""
    return Finding(is_well=True, what=what)


def bad(what: str, todo: str) -> Finding:
    """It is not, and this is to be done."""
    return Finding(is_well=False, what=what, todo=todo)
