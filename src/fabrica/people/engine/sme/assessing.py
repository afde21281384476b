"""The SME status of an enterprise from its ownership graph: a pure function of the graph and of the dated rule."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fabrica.people.engine.sme.adding import Part, parts, sums_of
from fabrica.people.engine.sme.graph import Ownership, Year
from fabrica.people.engine.sme.linked import Groups
from fabrica.people.engine.sme.partners import stakes_around
from fabrica.people.engine.sme.persons import link_through_persons
from fabrica.people.engine.sme.places import Place, places
from fabrica.people.engine.sme.predicates import Facts, holds
from fabrica.people.engine.sme.public import PublicHands, PublicShare
from fabrica.people.engine.sme.rules import CATEGORIES, Rules, current
from fabrica.people.engine.sme.unknown import (
    Open,
    YearResult,
    is_first,
    missing_figures,
    unknown_markets,
    unknown_owners,
    unknown_status,
)
from fabrica.people.engine.sme.years import Answer, Span, Verdict, exactly, over_two_years, span_of


@dataclass(frozen=True)
class Assessment:
    """The whole answer; `answer.as_dict` and `declaration.declaration` show it."""

    ownership: Ownership
    rules: Rules
    places: Mapping[str, Place]
    money: Mapping[str, Part]
    staff: Mapping[str, Part]
    years: tuple[YearResult, ...]
    public: PublicShare
    verdict: Verdict
    predicates: Mapping[str, Answer]
    open: tuple[Open, ...]

    @property
    def category(self) -> str:
        """`micro`, `small`, `medium`, `not_sme` or `undecided`."""
        span = self.verdict.span
        return CATEGORIES[span.low] if span.is_certain else "undecided"

    @property
    def type(self) -> str:
        """`autonomous`, `partner` or `linked`, as the declaration of Article 3(5) asks."""
        relations = {one.relation for one in self.places.values()}
        return "linked" if "linked" in relations else "partner" if "partner" in relations else "autonomous"


def assess(ownership: Ownership, rules: Rules | None = None) -> Assessment:
    """Category and reasons. What is missing is never guessed: where it could change the answer, that is undecided."""
    rule = rules or current()
    majority = rule.limit("linked_above_percent")
    groups = Groups(ownership, majority)
    doubts = link_through_persons(ownership, groups, majority)
    placed = places(ownership, groups, stakes_around(ownership, groups, rule), rule)
    percents = {name: one.percent for name, one in placed.items() if one.is_counted}
    money, staff = (parts(ownership, percents, of_staff=of_staff) for of_staff in (False, True))
    years = tuple(_year(ownership, money, staff, one.year, rule) for one in _applicants_years(ownership))
    hands = PublicHands(ownership, groups, rule)
    members = groups.members(ownership.applicant)
    unknown = [
        *unknown_owners(ownership, placed, rule),
        *unknown_markets(groups, placed, doubts),
        *(Open("public_parent", (one,)) for one in hands.doubtful_parents(members)),
    ]
    public = hands.share(ownership.applicant)
    verdict = _verdict(ownership, years, public, rule, is_known=not unknown)
    found = [*missing_figures(years), *unknown, *unknown_status(ownership, years, verdict)]
    predicates = _predicates(ownership, years[0], public, verdict, rule, is_known=not unknown)
    return Assessment(ownership, rule, placed, money, staff, years, public, verdict, predicates, tuple(found))


def _applicants_years(ownership: Ownership) -> list[Year]:
    years = ownership.enterprises[ownership.applicant].years
    return sorted(years, key=lambda one: -one.year)


def _year(
    ownership: Ownership, money: Mapping[str, Part], staff: Mapping[str, Part], year: int, rules: Rules
) -> YearResult:
    sums = sums_of(ownership, money, staff, year)
    return YearResult(year, sums, span_of(sums, rules))


def _verdict(
    ownership: Ownership, years: tuple[YearResult, ...], public: PublicShare, rules: Rules, *, is_known: bool
) -> Verdict:
    if public.reaches(rules.limit("public_from_percent")):
        return Verdict(exactly("not_sme"), "public_control")
    before = "" if ownership.category_before == "none" else ownership.category_before
    spans = [one.span for one in years]
    found = over_two_years(spans, before, is_first=is_first(ownership), has_changed_owner=ownership.has_changed_owner)
    top = len(CATEGORIES) - 1
    return found if is_known or found.span.low == top else Verdict(Span(found.span.low, top), "not_known")


def _predicates(
    ownership: Ownership, latest: YearResult, public: PublicShare, verdict: Verdict, rules: Rules, *, is_known: bool
) -> dict[str, Answer]:
    """Each predicate; while relations are unknown, sums are lower bounds and public control may come to light."""
    own = ownership.enterprises[ownership.applicant]
    sums = {name: one if is_known else replace(one, missing=(*one.missing, "?")) for name, one in latest.sums.items()}
    in_public_hands = public.reaches(rules.limit("public_from_percent")) or (False if is_known else None)
    facts = Facts(verdict.span, sums, own.founded_on, ownership.as_of, own.is_listed, in_public_hands)
    return {one.key: holds(one, facts) for one in rules.predicates}
