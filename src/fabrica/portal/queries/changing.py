"""What extending an award, or taking it back, would do, for whoever may; and what happened to an award so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fabrica.allocations import queries
from fabrica.allocations.engine import Balance, Extending, add_months
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount, Move, TopUp
from fabrica.allocations.rules import can_change
from fabrica.allocations.states import PoolName
from fabrica.kit.errors import NotAllowed
from fabrica.people.models import Person
from fabrica.projects.queries import project_of
from fabrica.web.words import gpu_hours

MOST_TOLD = 20


@dataclass(frozen=True)
class Standing:
    """An award before it is changed: where its hours are, what runs, and what pool (within caps) and mode leave."""

    award: Award
    balance: Balance
    in_flight: int
    running: int
    pool: int
    account: ClusterAccount
    rule: Extending | None
    lacking: queries.Lacking | None = None  # the report that an extension waits for

    @property
    def looked_for_in(self) -> str:
        """Where a rule on extensions was looked for and not found."""
        figure = self.award.application.call.terms.figures.get("extension")
        return str(figure.source) if figure else ""

    def extended(self, months: int, gpu_seconds: int) -> "Extended":
        """The same once it is extended."""
        return Extended(
            months=months,
            gpu_seconds=gpu_seconds,
            ends_at=add_months(self.award.ends_at, months),
            awarded=self.award.gpu_seconds + gpu_seconds,
            pool=self.pool - gpu_seconds,
        )

    @property
    def spare(self) -> int:
        """What may be moved to another award: free, and not used already by jobs that run."""
        return min(max(0, self.balance.free - self.in_flight), self.award.gpu_seconds - 1)

    @property
    def back(self) -> Sequence[tuple[LedgerAccount, int]]:
        """What goes back where if it is taken back now."""
        return queries.origins(self.award, queries.spare(self.award) + self.balance.promised)


@dataclass(frozen=True)
class Extended:
    """An award and its pool once it is extended."""

    months: int
    gpu_seconds: int
    ends_at: datetime
    awarded: int
    pool: int


def standing_of(person: Person, slug: str, now: datetime) -> Standing:
    """An award as it stands. Raises NotFound; NotAllowed for who may not change it."""
    award = queries.award_of(project_of(person, slug))
    if not can_change(person, award):
        told = _("Only an officer or operator who works neither for the organisation nor in the project does this.")
        raise NotAllowed(told)
    return Standing(
        award, queries.balance(award), queries.in_flight(award), queries.running(award),
        queries.left_for(award.application.call, now), queries.cluster_account_of(award), queries.extending(award),
        queries.lacking_report(award),
    )  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """Something that happened to an award: when, in words, who did it, and why."""

    at: datetime
    told: str
    by: Person | None
    reason: str


def changes_of(award: Award, *, names: bool) -> list[Changed]:
    """What happened to an award since it was made, newest first; the other project of a move only for who sees all."""
    found = [
        *(Changed(one.transfer.at, _added(one), one.by,
                  one.reason) for one in queries.top_ups_of(award)[:MOST_TOLD]),
        *(Changed(one.at, _extended(one.months, one.gpu_seconds), one.by, one.reason)
          for one in queries.extensions_of(award)[:MOST_TOLD]),
        *(Changed(one.at, _moved(one, award, names=names), one.by, one.reason)
          for one in queries.moves_of(award)[:MOST_TOLD]),
    ]  # fmt: skip
    if award.revoked_at is not None:
        found.append(Changed(award.revoked_at, _revoked(award), award.revoked_by, award.revoke_reason))
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_TOLD]


def _added(one: TopUp) -> str:
    pool, facts = one.transfer.source.pool, {"hours": gpu_hours(one.transfer.gpu_seconds)}
    if pool is not None and pool.name == PoolName.DIRECTORS_RESERVE:
        return _("%(hours)s added from the director's reserve") % facts
    return _("%(hours)s added") % facts


def _extended(months: int, gpu_seconds: int) -> str:
    more = ngettext("%(months)s month", "%(months)s months", months) % {"months": months}
    if not gpu_seconds:
        return _("Extended by %(more)s") % {"more": more}
    hours = gpu_hours(gpu_seconds)
    if not months:
        return _("Extended by %(more)s") % {"more": hours}
    return _("Extended by %(more)s and %(hours)s") % {"more": more, "hours": hours}


def _moved(one: Move, award: Award, *, names: bool) -> str:
    is_less = one.giving_id == award.pk
    other = one.receiving if is_less else one.giving
    facts = {"hours": gpu_hours(one.gpu_seconds), "project": other.project.slug if names else _("another project")}
    return (_("%(hours)s moved to %(project)s") if is_less else _("%(hours)s moved here from %(project)s")) % facts


def _revoked(award: Award) -> str:
    returned = award.returned_gpu_seconds + queries.dropped_with(award)
    return _("Taken back; %(hours)s went back to the pool") % {"hours": gpu_hours(returned)}
