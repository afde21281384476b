"""Partner enterprises, immediately upstream and downstream, and the investors that are none: Article 3(2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fabrica.people.engine.sme.exact import ZERO
from fabrica.people.engine.sme.graph import INVESTORS, Kind, Link, Ownership
from fabrica.people.engine.sme.linked import Groups
from fabrica.people.engine.sme.rules import Rules


@dataclass(frozen=True)
class Stake:
    """What linked enterprises hold jointly of one enterprise. `exempt` is the letter of the exception, or empty."""

    holders: tuple[str, ...]
    held: str
    capital: Decimal
    votes: Decimal
    is_upstream: bool
    exempt: str = ""

    @property
    def percent(self) -> Decimal:
        """The higher of capital and votes: Article 6(2)."""
        return max(self.capital, self.votes)

    @property
    def inner(self) -> str:
        """Its end in the applicant's own group."""
        return self.held if self.is_upstream else self.holders[0]

    @property
    def outer(self) -> tuple[str, ...]:
        """Its end outside."""
        return self.holders if self.is_upstream else (self.held,)


def is_small_authority(ownership: Ownership, name: str, rules: Rules) -> bool:
    """Whether a local authority is below both limits of Article 3(2)(d); any other is a public body like all."""
    one = ownership.enterprises[name]
    return (
        one.kind is Kind.LOCAL_AUTHORITY
        and one.budget is not None
        and one.inhabitants is not None
        and one.budget < rules.limit("local_budget_below")
        and one.inhabitants < rules.limit("local_inhabitants_below")
    )


def stakes_around(ownership: Ownership, groups: Groups, rules: Rules) -> list[Stake]:
    """Every stake between the applicant's group and others, however small, in order."""
    own = groups.members(ownership.applicant)
    found = [*_upstream(ownership, groups, rules, own), *_downstream(ownership, groups, own)]
    return sorted(found, key=lambda one: (one.held, one.holders))


def _upstream(ownership: Ownership, groups: Groups, rules: Rules, own: list[str]) -> Iterator[Stake]:
    for held in own:
        by_holder: dict[str, list[Link]] = {}
        for link in ownership.holders.get(held, ()):
            if link.holder not in own and ownership.kind(link.holder) not in (Kind.PERSON, Kind.PUBLIC_BODY):
                enterprise = ownership.is_enterprise(link.holder)
                by_holder.setdefault(groups.leader(link.holder) if enterprise else link.holder, []).append(link)
        for links in by_holder.values():
            yield _stake(links, held, is_upstream=True, exempt=_exemption(ownership, rules, links))


def _downstream(ownership: Ownership, groups: Groups, own: list[str]) -> Iterator[Stake]:
    by_held: dict[str, list[Link]] = {}
    for holder in own:
        for link in ownership.holdings.get(holder, ()):
            if groups.leader(link.held) != groups.leader(ownership.applicant):
                by_held.setdefault(link.held, []).append(link)
    for held, links in by_held.items():
        yield _stake(links, held, is_upstream=False)


def _stake(links: list[Link], held: str, *, is_upstream: bool, exempt: str = "") -> Stake:
    capital = sum((one.capital for one in links), ZERO)
    votes = sum((one.votes for one in links), ZERO)
    return Stake(tuple(sorted(one.holder for one in links)), held, capital, votes, is_upstream, exempt)


def _exemption(ownership: Ownership, rules: Rules, links: list[Link]) -> str:
    """The letter of Article 3(2) that exempts all these holders, who are not linked to what they hold."""
    letters = sorted({_letter(ownership, rules, one) for one in links})
    return "" if "" in letters else ", ".join(letters)


def _letter(ownership: Ownership, rules: Rules, link: Link) -> str:
    kind = ownership.kind(link.holder)
    if kind is Kind.BUSINESS_ANGEL and not _is_within_angels_limit(ownership, rules, link.held):
        return ""
    if kind is Kind.LOCAL_AUTHORITY and not is_small_authority(ownership, link.holder, rules):
        return ""
    return INVESTORS.get(kind, "")


def _is_within_angels_limit(ownership: Ownership, rules: Rules, held: str) -> bool:
    """All business angels together, in an unquoted enterprise: Article 3(2)(a)."""
    links = [one for one in ownership.holders[held] if ownership.kind(one.holder) is Kind.BUSINESS_ANGEL]
    invested = sum((one.invested or ZERO for one in links), ZERO)
    return ownership.enterprises[held].is_listed is False and invested < rules.limit("business_angels_below")
