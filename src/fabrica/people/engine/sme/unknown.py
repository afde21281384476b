"""What is not known and may decide: figures, owners, markets, the status before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fabrica.people.engine.sme.adding import Sum
from fabrica.people.engine.sme.exact import WHOLE, text
from fabrica.people.engine.sme.graph import FIGURES, Kind, Ownership
from fabrica.people.engine.sme.linked import Groups
from fabrica.people.engine.sme.places import Place
from fabrica.people.engine.sme.rules import Rules
from fabrica.people.engine.sme.years import Span, Verdict

# Nobody holds shares in them that a status could hang on.
NO_OWNERS = frozenset({Kind.UNIVERSITY, Kind.BUSINESS_ANGEL})


@dataclass(frozen=True)
class Open:
    """Something that is not known and may decide: `code`, whom it concerns, and what of it."""

    code: str
    about: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class YearResult:
    """The sums of one year and the categories they allow."""

    year: int
    sums: Mapping[str, Sum]
    span: Span


def is_first(ownership: Ownership) -> bool:
    """Whether the oldest accounts given are the applicant's first, so that no status was held before."""
    own = ownership.enterprises[ownership.applicant]
    oldest = min(one.year for one in own.years)
    born_then = own.founded_on is not None and own.founded_on.year >= oldest
    return born_then or ownership.category_before == "none" or any(one.is_estimated for one in own.years)


def missing_figures(years: tuple[YearResult, ...]) -> Iterator[Open]:
    """Figures of counted enterprises that are not stated."""
    for one in years:
        lacking = {name: [figure for figure in FIGURES if name in one.sums[figure].missing] for name in _lacking(one)}
        for name, figures in lacking.items():
            yield Open("figures", (name,), {"year": str(one.year), "figures": ", ".join(figures)})


def _lacking(one: YearResult) -> list[str]:
    return sorted({name for figure in FIGURES for name in one.sums[figure].missing})


def unknown_owners(ownership: Ownership, placed: Mapping[str, Place], rules: Rules) -> Iterator[Open]:
    """Counted enterprises of which somebody unnamed may hold enough to matter."""
    for name, place in placed.items():
        one = ownership.enterprises[name]
        if place.is_counted and not one.is_dispersed and one.kind not in NO_OWNERS:
            rest = unnamed(ownership, name)
            if place.relation in ("applicant", "linked"):
                matters = rest >= rules.limit("partner_from_percent")
            else:
                matters = rest > rules.limit("linked_above_percent")
            if matters:
                yield Open("owners", (name,), {"percent": text(rest)})


def unnamed(ownership: Ownership, name: str) -> Decimal:
    """How much of the capital or of the votes, the higher, is held by nobody in the graph."""
    capital = votes = WHOLE
    for link in ownership.holders.get(name, ()):
        capital, votes = capital - link.capital, votes - link.votes
    return max(capital, votes)


def unknown_markets(groups: Groups, placed: Mapping[str, Place], doubts: list[tuple[str, ...]]) -> Iterator[Open]:
    """Enterprises under the same persons of which somebody states no market."""
    for under in doubts:
        is_near = any(placed[one].relation != "unrelated" for one in under)
        if is_near and len({groups.leader(one) for one in under}) > 1:
            yield Open("markets", under)


def unknown_status(ownership: Ownership, years: tuple[YearResult, ...], verdict: Verdict) -> Iterator[Open]:
    """The status before, where the answer hangs on it."""
    if verdict.why == "changed_owner":
        yield Open("owner_changed", (ownership.applicant,))
    if verdict.span.is_certain or is_first(ownership):
        return
    if len(years) == 1:
        yield Open("year_before" if ownership.category_before else "one_year", (ownership.applicant,))
    elif not ownership.category_before:
        yield Open("status_before", (ownership.applicant,))
