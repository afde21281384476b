"""The whole answer as plain data: what `--json` prints, what golden files hold, what a page or the API can show."""

from collections.abc import Mapping
from typing import Any

from fabrica.people.engine.sme.adding import Part
from fabrica.people.engine.sme.assessing import Assessment
from fabrica.people.engine.sme.exact import ZERO, text
from fabrica.people.engine.sme.explaining import explain, todo
from fabrica.people.engine.sme.graph import FIGURES
from fabrica.people.engine.sme.places import Place
from fabrica.people.engine.sme.unknown import YearResult
from fabrica.people.engine.sme.words import sentence
from fabrica.people.engine.sme.years import fits, keeps


def as_dict(found: Assessment) -> dict[str, Any]:
    """Everything of an assessment; amounts are exact decimals as text."""
    applicant = found.ownership.enterprises[found.ownership.applicant]
    return {
        "format": "fabrica-sme-answer/1",
        "applicant": applicant.id,
        "name": applicant.name,
        "as_of": found.ownership.as_of.isoformat(),
        "category": found.category,
        "possible": found.verdict.span.possible,
        "type": found.type,
        "why": found.verdict.why,
        "years": [_year(found, one) for one in found.years],
        "enterprises": [_enterprise(found, one) for one in found.places.values()],
        "public": {
            "capital": text(found.public.capital),
            "votes": text(found.public.votes),
            "by": list(found.public.by),
            "controls": found.public.has_control,
        },
        "predicates": found.predicates,
        "open": [
            {"code": one.code, "about": list(one.about), **one.facts, "todo": sentence(todo(found, one))}
            for one in found.open
        ],
        "explanation": [sentence(one) for one in explain(found)],
        "rule": {
            "version": found.rules.version,
            "sources": sources(found),
            "predicates": {one.key: str(one.source) for one in found.rules.predicates},
        },
    }


def sources(found: Assessment) -> list[str]:
    """Every source that stands behind the category, with its date and confidence."""
    rule = found.rules
    behind = [*(one.source for one in rule.ceilings), *(one.source for one in rule.limits.values())]
    return [str(one) for one in [*behind, *rule.methods.values()]]


def _year(found: Assessment, one: YearResult) -> dict[str, Any]:
    kept = {ceiling.category: keeps(ceiling, one.sums) for ceiling in found.rules.ceilings}
    return {
        "year": one.year,
        **{figure: text(one.sums[figure].total) for figure in FIGURES},
        "missing": {figure: list(one.sums[figure].missing) for figure in FIGURES if one.sums[figure].missing},
        "ceilings": {category: {**answers, "fits": fits(answers)} for category, answers in kept.items()},
        "possible": one.span.possible,
    }


def _enterprise(found: Assessment, place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {"id": place.id, "relation": place.relation}
    if place.stake:
        told["stake"] = {
            "holders": list(place.stake.holders), "held": place.stake.held, "percent": text(place.stake.percent),
        }  # fmt: skip
    if place.relation == "exempt" and place.stake:
        told["exception"] = place.stake.exempt
    if place.is_counted:
        told |= {
            "path": path(found, place),
            "money": _part(found.money[place.id]),
            "staff": _part(found.staff[place.id]),
        }
        told["added"] = {str(one.year): _added(one, place.id) for one in found.years}
    return told


def path(found: Assessment, place: Place) -> list[str]:
    """The enterprises from the applicant to this one, both among them."""
    here = [found.ownership.applicant]
    for step in place.before:
        here.append(step.second if step.first == here[-1] else step.first)
    if place.stake:
        here.append(place.stake.outer[0] if place.after or place.id not in place.stake.outer else place.id)
    for step in place.after:
        here.append(step.second if step.first == here[-1] else step.first)
    return here


def _part(part: Part) -> dict[str, Any]:
    return {"percent": text(part.percent), **({"within": list(part.within)} if part.within else {})}


def _added(one: YearResult, name: str) -> Mapping[str, str | None]:
    return {
        figure: None if name in one.sums[figure].missing else text(one.sums[figure].parts.get(name, ZERO))
        for figure in FIGURES
    }
