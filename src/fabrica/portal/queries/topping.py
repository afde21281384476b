"""What adding hours to a project's award would do, for whoever may add them."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award, ClusterAccount
from fabrica.allocations.queries import award_of, balance, cluster_account_of, in_flight, left_for
from fabrica.allocations.rules import can_top_up, can_use_reserve
from fabrica.kit.errors import NotAllowed
from fabrica.kit.units import SECONDS_PER_HOUR
from fabrica.people.models import Person
from fabrica.projects.queries import project_of

HALF_HOUR = SECONDS_PER_HOUR // 2


@dataclass(frozen=True)
class Room:
    """An award before hours are added: where its own are, what pool (within caps) and mode have left, its account."""

    award: Award
    balance: Balance
    in_flight: int
    pool: int
    account: ClusterAccount
    reserve: int | None = None  # what the director's reserve has left, for who may choose it

    @property
    def used(self) -> int:
        """What was used so far, by jobs that run too."""
        return self.balance.used + self.in_flight

    @property
    def mode_left(self) -> int:
        """How much the mode lets be added still."""
        most = self.award.application.call.mode.gpu_hours_max * SECONDS_PER_HOUR
        return max(0, most - self.award.gpu_seconds - self.balance.promised)

    @property
    def needed(self) -> int:
        """The least, in half hours, that opens an account whose hours are used up: 0 for one that is open."""
        if self.account.is_open_wanted:
            return 0
        return max(0, (self.used - self.award.gpu_seconds) // HALF_HOUR + 1) * HALF_HOUR

    def paying(self, *, from_reserve: bool) -> int:
        """What the pool has left that pays."""
        return self.reserve or 0 if from_reserve else self.pool

    def after(self, gpu_seconds: int, *, from_reserve: bool = False) -> "After":
        """The same with hours added."""
        total = self.award.gpu_seconds + gpu_seconds
        return After(
            gpu_seconds=gpu_seconds,
            awarded=total,
            free=self.balance.free + gpu_seconds,
            pool=self.paying(from_reserve=from_reserve) - gpu_seconds,
            pool_before=self.paying(from_reserve=from_reserve),
            from_reserve=from_reserve,
            opens=gpu_seconds >= self.needed > 0,
            stays_closed=gpu_seconds < self.needed,
        )


@dataclass(frozen=True)
class After:
    """An award and its pool once hours are added, and whether its closed account opens."""

    gpu_seconds: int
    awarded: int
    free: int
    pool: int
    pool_before: int
    from_reserve: bool
    opens: bool
    stays_closed: bool


def room_of(person: Person, slug: str, now: datetime) -> Room:
    """What may be added to a project. Raises NotFound; NotAllowed for who may not add hours to it."""
    award = award_of(project_of(person, slug))
    if not can_top_up(person, award):
        told = _(
            "Only an officer or operator who works neither for the organisation nor in the project adds hours to it."
        )
        raise NotAllowed(told)
    call = award.application.call
    reserve = left_for(call, now, from_reserve=True) if can_use_reserve(person) else None
    return Room(award, balance(award), in_flight(award), left_for(call, now), cluster_account_of(award), reserve)
