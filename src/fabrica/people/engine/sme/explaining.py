"""Why: every figure, relation and step of an assessment as remarks, in the order in which a person would check them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fabrica.people.engine.sme.assessing import Assessment
from fabrica.people.engine.sme.exact import ZERO, text
from fabrica.people.engine.sme.graph import FIGURES
from fabrica.people.engine.sme.linked import Step
from fabrica.people.engine.sme.partners import Stake
from fabrica.people.engine.sme.places import Place
from fabrica.people.engine.sme.unknown import Open, YearResult, unnamed
from fabrica.people.engine.sme.words import CATEGORY, OR, Fact, Remark, Several, Translate, said
from fabrica.people.engine.sme.years import Answer, fits, keeps

CODE = {True: "yes", False: "no", None: "open"}
FITS = {True: "yes", False: "no", None: "not known"}


def explain(found: Assessment) -> Iterator[Remark]:
    """The whole explanation."""
    yield Remark("type", found.type, {"name": name_of(found, found.ownership.applicant)})
    for place in found.places.values():
        yield from about_place(found, place)
    for one in found.years:
        yield from about_year(found, one)
    yield about_public(found)
    yield from about_verdict(found)
    if found.category == "undecided":
        yield from (todo(found, one) for one in found.open)


def name_of(found: Assessment, one: str) -> str:
    """The name of an enterprise or person."""
    return found.ownership.enterprises[one].name


def names_of(found: Assessment, several: Iterable[str]) -> str:
    """Names in one phrase."""
    return ", ".join(name_of(found, one) for one in several)


def about_place(found: Assessment, place: Place) -> Iterator[Remark]:
    """The relation of one enterprise, and what of it was added."""
    one = found.ownership.enterprises[place.id]
    steps = place.after if place.stake else place.before
    facts: dict[str, Fact] = {
        "name": one.name,
        "percent": text(place.percent),
        "least": text(found.rules.limit("partner_from_percent")),
        "way": _step(found, steps[-1]) if steps else "",  # the one before has a line of its own
    }
    if place.stake:
        letters = [letter for letter in place.stake.exempt.split(", ") if letter]
        facts["stake"] = _stake(found, place.stake)
        facts["exception"] = Several(tuple(Remark("exception", letter) for letter in letters), "; ")
        facts["letter"] = place.stake.exempt
    yield Remark("place", place.relation, facts)
    if place.is_counted:
        yield from _about_figures(found, place, one.name)


def _about_figures(found: Assessment, place: Place, name: str) -> Iterator[Remark]:
    one = found.ownership.enterprises[place.id]
    money, staff = found.money[place.id], found.staff[place.id]
    if parents := money.within or staff.within:
        facts = {"money": text(money.percent), "staff": text(staff.percent), "parents": names_of(found, parents)}
        yield Remark("place", "within", {"name": name, **facts})
    if any(year.is_estimated for year in one.years):
        yield Remark("place", "estimated", {"name": name})
    if one.is_dispersed and unnamed(found.ownership, place.id):
        yield Remark("place", "dispersed", {"name": name})


def _votes(found: Assessment, holders: Iterable[str], held: str) -> Decimal:
    among = set(holders)
    return sum((one.votes for one in found.ownership.holders.get(held, ()) if one.holder in among), ZERO)


def _step(found: Assessment, step: Step) -> Remark:
    facts: dict[str, Fact] = {"first": name_of(found, step.first), "second": name_of(found, step.second)}
    facts["holders"] = names_of(found, step.through)
    facts["votes"] = text(_votes(found, step.through or (step.first,), step.second))
    links = [one for one in found.ownership.holdings.get(step.first, ()) if one.held == step.second]
    facts["control"] = Several(tuple(Remark("control", way.value) for one in links for way in sorted(one.control)))
    return Remark("step", step.why, facts)


def _stake(found: Assessment, stake: Stake) -> Remark:
    facts: dict[str, Fact] = {"holders": names_of(found, stake.holders), "second": name_of(found, stake.held)}
    facts["verb"] = Remark("verb", "one" if len(stake.holders) == 1 else "several")
    return Remark("step", "holds", {**facts, "capital": text(stake.capital), "votes": text(stake.votes)})


def amount(value: Decimal) -> str:
    """An amount with its thousands apart."""
    whole, point, rest = text(value).partition(".")
    return f"{int(whole):,}{point}{rest}"


def about_year(found: Assessment, one: YearResult) -> Iterator[Remark]:
    """The sums of a year and how they stand to each category's ceilings."""
    sums = {figure: amount(one.sums[figure].total) for figure in FIGURES}
    is_whole = not any(one.sums[figure].missing for figure in FIGURES)
    yield Remark("year", "sums" if is_whole else "at_least", {"year": str(one.year), **sums})
    for ceiling in found.rules.ceilings:
        kept = keeps(ceiling, one.sums)
        limits = {"staff_limit": amount(ceiling.staff_below), "turnover_limit": amount(ceiling.turnover_at_most)}
        limits["balance_limit"] = amount(ceiling.balance_at_most)
        answers: dict[str, Fact] = {figure: Remark("kept", CODE[kept[figure]]) for figure in FIGURES}
        answers |= {"fits": Remark("fits", CODE[fits(kept)]), "category": Remark("short", ceiling.category)}
        yield Remark("year", "kept", {"year": str(one.year), **limits, **answers})
    yield Remark("year", "category", {"year": str(one.year), "category": categories(one.span.possible)})


def categories(possible: Iterable[str]) -> Several:
    """Categories as a phrase."""
    return Several(tuple(Remark("category", one) for one in possible), OR)


def phrase(possible: Iterable[str], translate: Translate = str) -> str:
    """Categories in words."""
    return said(categories(possible), translate)


def about_public(found: Assessment) -> Remark:
    """What public bodies control of the applicant."""
    public, least = found.public, found.rules.limit("public_from_percent")
    facts = {"percent": text(public.percent), "by": names_of(found, public.by), "least": text(least)}
    if public.percent >= least:
        return Remark("public", "reached", facts)
    return Remark("public", "control" if public.has_control else "some" if public.by else "none", facts)


def about_verdict(found: Assessment) -> Iterator[Remark]:
    """How the years gave the category, and the category."""
    before = found.ownership.category_before
    facts: dict[str, Fact] = {
        "name": name_of(found, found.ownership.applicant),
        "before": Remark("category", before if before in CATEGORY else "first"),
        "category": Remark("category", found.category),
        "possible": categories(found.verdict.span.possible),
    }
    yield Remark("verdict", found.verdict.why, facts)
    yield Remark("verdict", "undecided" if found.category == "undecided" else "result", facts)


def todo(found: Assessment, one: Open) -> Remark:
    """What to state, so that nothing is open."""
    names = [figure for figure in one.facts.get("figures", "").split(", ") if figure]
    figures = Several(tuple(Remark("figure", figure) for figure in names))
    return Remark("todo", one.code, {"name": names_of(found, one.about), **one.facts, "figures": figures})


def answered(answer: Answer) -> str:
    """Yes, no, or not known."""
    return FITS[answer]
