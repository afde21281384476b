"""The figures of a period: a page to read, and the same as a file for a spreadsheet."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.calls.queries import titles
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.people.states import MEMBER_COUNTRIES, Kind
from fabrica.portal.forms import PeriodForm
from fabrica.portal.queries.kpis import Kpi, kpis_for, must_see, this_year, to_csv


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The figures of a period, of this year unless asked otherwise; `format=csv` gives the file."""
    person = signed_in(request)
    must_see(person)
    since, until = this_year(utcnow())
    asked = {"since": since, "until": until, **request.GET.dict()}
    form = PeriodForm(asked)
    rows = _rows(form, person)
    if rows and request.GET.get("format") == "csv":
        return _file(rows, form.cleaned_data["since"], form.cleaned_data["until"])
    modes = titles()
    groups = [(title, [(_name(one, modes), one) for one in rows if one.group == group]) for group, title in _groups()]
    return render(request, "portal/figures.html", {"form": form, "groups": groups, "has_any": bool(rows)})


def _rows(form: PeriodForm, person: Person) -> list[Kpi]:
    if not form.is_valid():
        return []
    try:
        return kpis_for(person, form.cleaned_data["since"], form.cleaned_data["until"])
    except Refused as problem:
        form.add_error("until", str(problem))
        return []


def _file(rows: list[Kpi], since: date, until: date) -> HttpResponse:
    name = f"figures-{since}-{until}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(to_csv(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _groups() -> list[tuple[str, str]]:
    return [
        ("all", _("All")), ("mode", _("By access mode")), ("country", _("By country")), ("kind", _("By organisation")),
    ]  # fmt: skip


def _name(row: Kpi, modes: dict[str, str]) -> str:
    """A group in words; a mode that is not known any more by its key."""
    if row.group == "country":
        return str(MEMBER_COUNTRIES.get(row.value, row.value))
    if row.group == "kind":
        return str(Kind(row.value).label)
    return modes.get(row.value, row.value) if row.value else _("All")
