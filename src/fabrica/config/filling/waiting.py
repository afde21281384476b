"""Applications without an award: those that wait, and those that ended without one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.config.filling import cases
from fabrica.config.filling.crowd import Firm
from fabrica.config.filling.ground import Ground

OPEN = (
    (State.SUBMITTED,),
    (State.SUBMITTED, State.SCREENED),
    (State.SUBMITTED, State.SCREENED, State.ASSESSED),
    (State.SUBMITTED, State.RETURNED),
)
ENDED = (
    (State.SUBMITTED, State.REFUSED),
    (State.SUBMITTED, State.WITHDRAWN),
    (State.SUBMITTED, State.SCREENED, State.ASSESSED, State.REFUSED),
)


@dataclass(frozen=True)
class Maker:
    """Makes applications of one sort, under codes that begin with `prefix`, spread over `days`."""

    prefix: str
    paths: Sequence[Sequence[State]]
    days: int

    def count(self) -> int:
        """How many were made so far."""
        return Application.objects.filter(code__startswith=self.prefix).count()

    def add(self, numbers: range, laid: Ground, firms: Sequence[Firm]) -> None:
        """Those of these numbers."""
        cases.add(numbers, self.prefix, self._path, laid, firms)

    def _path(self, number: int) -> tuple[Sequence[State], timedelta]:
        return self.paths[number % len(self.paths)], timedelta(days=4 + number * 7 % self.days, minutes=number % 1440)


MAKERS: Mapping[str, Maker] = {"open": Maker("AIF-FILLO-", OPEN, 12), "ended": Maker("AIF-FILLE-", ENDED, 700)}
