"""The place of every enterprise around the applicant: its relation, how much of its figures counts, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from fabrica.people.engine.sme.exact import WHOLE, ZERO
from fabrica.people.engine.sme.graph import Ownership
from fabrica.people.engine.sme.linked import Groups, Step
from fabrica.people.engine.sme.partners import Stake
from fabrica.people.engine.sme.rules import Rules

COUNTED = ("applicant", "linked", "partner", "linked_to_partner")


@dataclass(frozen=True)
class Place:
    """One enterprise's relation. `before` leads from the applicant to the stake, `after` from the stake to here."""

    id: str
    relation: str
    percent: Decimal = ZERO
    before: tuple[Step, ...] = ()
    stake: Stake | None = None
    after: tuple[Step, ...] = ()

    @property
    def is_counted(self) -> bool:
        return self.relation in COUNTED


def places(ownership: Ownership, groups: Groups, stakes: Iterable[Stake], rules: Rules) -> dict[str, Place]:
    """The place of each, by id, in order."""
    found = {one: _outside(ownership, one) for one in sorted(ownership.enterprises)}
    ways = groups.paths(ownership.applicant)
    for name, way in ways.items():
        found[name] = Place(name, "linked", WHOLE, way)
    found[ownership.applicant] = Place(ownership.applicant, "applicant", WHOLE)
    least = rules.limit("partner_from_percent")
    for stake in _decisive(ownership, groups, stakes, least):
        for place in _around(ownership, groups, stake, ways[stake.inner], least):
            found[place.id] = place
    return found


def _outside(ownership: Ownership, name: str) -> Place:
    kind = ownership.kind(name)
    return Place(name, "unrelated" if ownership.is_enterprise(name) else kind.value)


def _decisive(ownership: Ownership, groups: Groups, stakes: Iterable[Stake], least: Decimal) -> Iterable[Stake]:
    """For each outside group the one stake that ranks it, so that nothing counts twice: the greatest percentage."""

    def rank(stake: Stake) -> tuple[bool, bool, Decimal]:
        return stake.percent >= least and not stake.exempt, stake.percent >= least, stake.percent

    found: dict[str, Stake] = {}
    for stake in stakes:
        end = stake.outer[0]
        key = groups.leader(end) if ownership.is_enterprise(end) else end
        if key not in found or rank(stake) > rank(found[key]):
            found[key] = stake
    return found.values()


def _around(
    ownership: Ownership, groups: Groups, stake: Stake, way: tuple[Step, ...], least: Decimal
) -> Iterable[Place]:
    """The places of an outside group's members."""
    base = Place("", "below", stake.percent, way, stake)
    if stake.percent < least:
        yield from (replace(base, id=one) for one in stake.outer)
    elif stake.exempt:
        yield from (replace(base, id=one, relation="exempt") for one in stake.outer)
    elif ownership.is_enterprise(stake.outer[0]):
        for one, after in groups.paths(stake.outer[0]).items():
            is_end = one in stake.outer
            relation = "partner" if is_end else "linked_to_partner"
            yield replace(base, id=one, relation=relation, after=() if is_end else after)
