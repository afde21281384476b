"""The ownership graph: enterprises and other holders, what each holds of another, and who asks for the status."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

FIGURES = ("staff", "turnover", "balance")


class Kind(StrEnum):
    """What a holder is; the Recommendation names the investors in Article 3(2), second subparagraph."""

    ENTERPRISE = "enterprise"
    PERSON = "person"
    PUBLIC_BODY = "public_body"
    VENTURE_CAPITAL = "venture_capital"
    BUSINESS_ANGEL = "business_angel"
    UNIVERSITY = "university"
    INSTITUTIONAL_INVESTOR = "institutional_investor"
    REGIONAL_FUND = "regional_fund"
    LOCAL_AUTHORITY = "local_authority"


# The letter of Article 3(2) under which an investor may hold 25 % or more and leave an enterprise autonomous.
INVESTORS = {
    Kind.VENTURE_CAPITAL: "a",
    Kind.BUSINESS_ANGEL: "a",
    Kind.UNIVERSITY: "b",
    Kind.INSTITUTIONAL_INVESTOR: "c",
    Kind.REGIONAL_FUND: "c",
    Kind.LOCAL_AUTHORITY: "d",
}
# No enterprise, so never partner, linked or counted: they matter by what they control.
NO_ENTERPRISE = frozenset({Kind.PERSON, Kind.PUBLIC_BODY, Kind.LOCAL_AUTHORITY})
# Nobody holds shares in these.
NEVER_HELD = NO_ENTERPRISE | {Kind.BUSINESS_ANGEL}


@dataclass(frozen=True)
class Year:
    """Figures of the accounts closed in a year: annual work units, euros without VAT, euros. None where unknown."""

    year: int
    staff: Decimal | None = None
    turnover: Decimal | None = None
    balance: Decimal | None = None
    is_estimated: bool = False


@dataclass(frozen=True)
class Inclusion:
    """That an enterprise's accounts contain those of another, by so many per cent; with its staff or without."""

    id: str
    percent: Decimal = Decimal(100)
    has_staff: bool = True


@dataclass(frozen=True)
class Enterprise:
    """A node of the graph. `is_dispersed`: nobody unnamed holds 25 % or more, declared in good faith (Art. 3(5))."""

    id: str
    name: str
    kind: Kind = Kind.ENTERPRISE
    country: str = ""
    years: tuple[Year, ...] = ()
    founded_on: date | None = None
    markets: frozenset[str] = frozenset()
    is_listed: bool | None = None
    is_public: bool = False
    is_dispersed: bool = False
    consolidates: tuple[Inclusion, ...] = ()
    budget: Decimal | None = None
    inhabitants: Decimal | None = None


class Control(StrEnum):
    """A way to control an enterprise without holding a majority of its votes: Article 3(3)(a) to (d)."""

    MAJORITY = "majority"
    APPOINTS = "appoints"
    INFLUENCE = "influence"
    AGREEMENT = "agreement"


@dataclass(frozen=True)
class Link:
    """What a holder has of another, in per cent. `is_managing` False: an investor that stays out of management."""

    holder: str
    held: str
    capital: Decimal = Decimal(0)
    votes: Decimal = Decimal(0)
    control: frozenset[Control] = frozenset()
    is_managing: bool | None = None
    invested: Decimal | None = None


@dataclass(frozen=True)
class Ownership:
    """The whole input. `jointly` are natural persons who act together; `adjacent` are pairs of markets."""

    applicant: str
    as_of: date
    enterprises: dict[str, Enterprise]
    links: tuple[Link, ...] = ()
    jointly: tuple[frozenset[str], ...] = ()
    adjacent: frozenset[frozenset[str]] = frozenset()
    category_before: str = ""
    has_changed_owner: bool = False

    @cached_property
    def holdings(self) -> dict[str, list[Link]]:
        """What each holder holds."""
        return _by(self.links, "holder")

    @cached_property
    def holders(self) -> dict[str, list[Link]]:
        """Who holds each enterprise."""
        return _by(self.links, "held")

    def kind(self, name: str) -> Kind:
        return self.enterprises[name].kind

    def is_enterprise(self, name: str) -> bool:
        return self.kind(name) not in NO_ENTERPRISE

    def controls(self, link: Link) -> bool:
        """Whether a link gives control whatever its votes; an investor outside management has no dominant influence."""
        presumed_none = self.kind(link.holder) in INVESTORS and link.is_managing is False
        return bool(link.control - {Control.INFLUENCE} if presumed_none else link.control)


def _by(links: tuple[Link, ...], end: str) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in sorted(links, key=lambda one: (one.holder, one.held)):
        found.setdefault(getattr(link, end), []).append(link)
    return found
