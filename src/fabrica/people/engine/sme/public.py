"""What public bodies control, directly or indirectly, alone or together: Article 3(4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fabrica.people.engine.sme.exact import ZERO
from fabrica.people.engine.sme.graph import INVESTORS, Kind, Link, Ownership
from fabrica.people.engine.sme.linked import Groups, controlled
from fabrica.people.engine.sme.partners import is_small_authority
from fabrica.people.engine.sme.rules import Rules


@dataclass(frozen=True)
class PublicShare:
    """Capital and votes of one enterprise in public hands, and whose hands."""

    capital: Decimal
    votes: Decimal
    by: tuple[str, ...]
    has_control: bool

    @property
    def percent(self) -> Decimal:
        return max(self.capital, self.votes)

    def reaches(self, least: Decimal) -> bool:
        """Whether it is this share or more, or control by another way."""
        return self.percent >= least or self.has_control


class PublicHands:
    """Who is public, and what they control."""

    def __init__(self, ownership: Ownership, groups: Groups, rules: Rules) -> None:
        self._ownership, self._groups, self._rules = ownership, groups, rules
        self._majority = rules.limit("linked_above_percent")
        self._bodies = {one for one in ownership.enterprises if self._is_body(one)}
        self._investors = set(self._public_investors())
        self._under = controlled(ownership, self._bodies | self._investors, self._majority)

    def _is_body(self, name: str) -> bool:
        one = self._ownership.enterprises[name]
        if one.kind is Kind.LOCAL_AUTHORITY:
            return not is_small_authority(self._ownership, name, self._rules)
        return one.kind is Kind.PUBLIC_BODY or (one.is_public and one.kind not in INVESTORS)

    def _public_investors(self) -> Iterator[str]:
        for one in self._ownership.enterprises.values():
            if one.kind in INVESTORS and (one.is_public or one.kind is Kind.LOCAL_AUTHORITY):
                yield one.id

    def share(self, held: str) -> PublicShare:
        """How much of an enterprise is in public hands, the exceptions of Article 3(2) left out."""
        links = [one for one in self._ownership.holders.get(held, ()) if self._counts(one)]
        capital, votes = sum((one.capital for one in links), ZERO), sum((one.votes for one in links), ZERO)
        has_control = any(self._ownership.controls(one) for one in links)
        return PublicShare(capital, votes, tuple(one.holder for one in links), has_control)

    def _counts(self, link: Link) -> bool:
        """An investor of Article 3(2) counts only when it is public and linked, for then nothing exempts it."""
        if link.holder in self._bodies:
            return True
        if self._ownership.kind(link.holder) not in INVESTORS:
            return link.holder in self._under
        return (link.holder in self._under or link.holder in self._investors) and self._is_linked(link)

    def _is_linked(self, link: Link) -> bool:
        """A local authority is in no group of enterprises: it is linked to what it controls."""
        if self._ownership.is_enterprise(link.holder):
            return self._groups.leader(link.holder) == self._groups.leader(link.held)
        return link.held in controlled(self._ownership, {link.holder}, self._majority)

    def doubtful_parents(self, members: list[str]) -> list[str]:
        """Parents of the applicant that are public to 25 % or more, yet in nobody public's control.

        Whether their part of the applicant is then indirectly controlled by public bodies, a person must judge.
        """
        if not self._bodies | self._investors:
            return []
        least, applicant = self._rules.limit("public_from_percent"), self._ownership.applicant
        return [
            one
            for one in members
            if one != applicant and one not in self._under and self.share(one).reaches(least)
            if applicant in controlled(self._ownership, {one}, self._majority)
        ]
