"""What is given: systems and their periods, pools and caps, ranked applications, and what an officer has fixed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """A stretch of the plan, so many months long; the first one begins when the awards do."""

    id: str
    months: int


@dataclass(frozen=True)
class System:
    """A machine with the GPU-seconds that it can give in each period."""

    id: str
    capacity: Mapping[str, int]


@dataclass(frozen=True)
class Pool:
    """Whose share hours come from; each mode draws on one."""

    id: str
    title: str
    modes: tuple[str, ...]


@dataclass(frozen=True)
class Cap:
    """The most GPU-seconds that some pools may give together, here on some systems only (none: on all).

    `taken` is what earlier awards have used of it. Caps nest where one names some of the pools of another.
    """

    id: str
    title: str
    pools: frozenset[str]
    systems: frozenset[str]
    limit: int
    taken: int
    source: str

    @property
    def left(self) -> int:
        return self.limit - self.taken


@dataclass(frozen=True)
class Wish:
    """What an application asks for: GPU-seconds over months on one of its systems, best first.

    `least` is the smallest award the applicant accepts; `score` is as the panel wrote it.
    """

    id: str
    rank: int
    score: str
    mode: str
    seconds: int
    least: int
    months: int
    systems: tuple[str, ...]


@dataclass(frozen=True)
class Fix:
    """What an officer has decided: in or out, and where and how much if it was said."""

    application: str
    is_in: bool
    seconds: int | None = None
    system: str = ""


@dataclass(frozen=True)
class Given:
    """Everything, each part in its own order: wishes by rank, then score, then name; the rest by name.

    `step` is how finely a partial award is cut, in GPU-seconds.
    """

    periods: tuple[Period, ...]
    systems: tuple[System, ...]
    pools: tuple[Pool, ...]
    caps: tuple[Cap, ...]
    wishes: tuple[Wish, ...]
    fixes: Mapping[str, Fix]
    step: int
