"""The figures of a period: for officers a page and files, for everybody a page and a file without small counts."""

import json
from dataclasses import asdict
from datetime import date

from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.calls.queries import titles
from fabrica.kit.errors import Refused
from fabrica.kit.sheets import lines
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.people.states import COUNTRIES, Kind, Sector
from fabrica.portal.defining import FIGURES
from fabrica.portal.forms import PeriodForm
from fabrica.portal.queries.awarded import counted, years
from fabrica.portal.queries.kpis import (
    Kpi,
    all_years,
    instants,
    kpis,
    kpis_for,
    must_see,
    publications,
    this_year,
    to_csv,
    year_of,
)
from fabrica.portal.suppressing import FEWEST, SHOWN, Told, suppressed

EVERY_YEAR = "all"
KEPT_SECONDS = 600
NAMED = ("doi", "project", "organisation", "named_on")


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The figures of a period, of this year unless asked otherwise; `format` gives a file: csv, json, publications."""
    person = signed_in(request)
    must_see(person)
    since, until = _period(request.GET.get("year", ""))
    form = PeriodForm({"since": since, "until": until, **request.GET.dict()})
    rows = _rows(form, person)
    if rows and (made := _file(request.GET.get("format", ""), rows, form.cleaned_data, person)):
        return made
    modes = titles()
    groups = [(title, [(_name(one, modes), one) for one in rows if one.group == group]) for group, title in _groups()]
    context = {
        "form": form, "groups": groups, "has_any": bool(rows), "years": years(utcnow()),
        "year": request.GET.get("year", ""),
        "whole": [(*FIGURES[name], getattr(rows[0], name), name) for name in FIGURES] if rows else [],
    }  # fmt: skip
    return render(request, "portal/figures.html", context)


def _period(year: str) -> tuple[date, date]:
    """The days of a year, of all years, or of this year for what is neither."""
    if year == EVERY_YEAR:
        return all_years(utcnow())
    found = [one for one in years(utcnow()) if str(one) == year]
    return year_of(found[0]) if found else this_year(utcnow())


def _rows(form: PeriodForm, person: Person) -> list[Kpi]:
    if not form.is_valid():
        return []
    try:
        return kpis_for(person, form.cleaned_data["since"], form.cleaned_data["until"])
    except Refused as problem:
        form.add_error("until", str(problem))
        return []


def _file(kind: str, rows: list[Kpi], asked: dict[str, date], person: Person) -> HttpResponse | None:
    since, until = asked["since"], asked["until"]
    if kind == "csv":
        return _sent(to_csv(rows), f"figures-{since}-{until}.csv", "text/csv; charset=utf-8")
    if kind == "publications":
        told = "".join(lines(NAMED, publications(person, since, until)))
        return _sent(told, f"publications-{since}-{until}.csv", "text/csv; charset=utf-8")
    if kind == "json":
        named = [dict(zip(NAMED, one, strict=True)) for one in publications(person, since, until)]
        facts = {
            "since": since, "until": until, "definitions": {name: str(FIGURES[name][1]) for name in FIGURES},
            "rows": [asdict(one) for one in rows], "publications": named,
        }  # fmt: skip
        told = json.dumps(facts, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)
        return _sent(told, f"figures-{since}-{until}.json", "application/json")
    return None


def _sent(told: str, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        told, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def public(request: HttpRequest) -> HttpResponse:
    """The figures of a year, or of all, for everybody: counts below five are left out, and it is said where."""
    year = _year(request)
    told, modes = _public(year), titles()
    groups = [(title, [(_name(one, modes), one) for one in told if one.group == group]) for group, title in _groups()]
    whole = next((one for one in told if one.group == EVERY_YEAR), None)
    context = {
        "groups": groups[1:], "years": years(utcnow()), "year": year, "fewest": FEWEST,
        "whole": [(*FIGURES[name], whole.figures[name], name in whole.hidden, name) for name in SHOWN] if whole else [],
    }  # fmt: skip
    return render(request, "portal/public_figures.html", context)


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def public_json(request: HttpRequest) -> HttpResponse:
    """The same for programs: null where a figure may not be told, whose names stand under `hidden`."""
    year = _year(request)
    definitions = {name: str(FIGURES[name][1]) for name in SHOWN}
    rows = [one.as_dict() for one in _public(year)]
    return JsonResponse({"year": year, "fewest": FEWEST, "definitions": definitions, "rows": rows})


def _year(request: HttpRequest) -> str:
    """A year of those there are, or all of them."""
    asked = request.GET.get("year", "")
    return asked if asked in map(str, years(utcnow())) else EVERY_YEAR


def _public(year: str) -> list[Told]:
    """Counted once in ten minutes at most: anybody may ask. All years hide what one of them hides."""
    now = utcnow()
    found = cache.get_or_set(f"public-figures:{year}:{localdate(now)}", lambda: _counted(year), KEPT_SECONDS)
    return list(found or ())


def _counted(year: str) -> list[Told]:
    since, until = instants(*_period(year))
    each = [_counted(str(one)) for one in years(utcnow())] if year == EVERY_YEAR else []
    return suppressed(kpis(since, until), counted(utcnow(), since, until), each)


def _groups() -> list[tuple[str, str]]:
    return [
        ("all", _("All")), ("mode", _("By access mode")), ("country", _("By country")), ("sector", _("By sector")),
        ("kind", _("By organisation")),
    ]  # fmt: skip


def _name(row: Kpi | Told, modes: dict[str, str]) -> str:
    """A group in words; a mode that is not known any more by its key."""
    if row.group == "country":
        return str(COUNTRIES.get(row.value, row.value))
    if row.group == "kind":
        return str(Kind(row.value).label)
    if row.group == "sector":
        return str(Sector(row.value).label) if row.value in Sector.values else _("Not said")
    return modes.get(row.value, row.value) if row.value else _("All")
