"""The pools and caps of every machine on a day: a page for officers, and the same as a file for a spreadsheet."""

from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.allocations.queries import Share, shares_for
from fabrica.allocations.queries.shares import to_csv
from fabrica.allocations.rules import must_audit
from fabrica.clusters.queries import machines
from fabrica.kit.time import utcnow
from fabrica.kit.units import gpu_hours
from fabrica.people.queries import signed_in
from fabrica.portal.forms import DayForm


@require_safe
def pools(request: HttpRequest) -> HttpResponse:
    """How they stand on a day, today unless asked otherwise; `format=csv` gives the file."""
    person = signed_in(request)
    must_audit(person)
    form = DayForm({"on": localdate(utcnow()), **request.GET.dict()})
    rows = shares_for(person, form.cleaned_data["on"]) if form.is_valid() else []
    if rows and request.GET.get("format") == "csv":
        return _file(rows, form.cleaned_data["on"])
    names = dict(machines().values_list("slug", "name"))
    told = [(names[slug], _tables(list(of_machine))) for slug, of_machine in groupby(rows, lambda one: one.machine)]
    day = form.cleaned_data.get("on")
    return render(request, "portal/pools.html", {"form": form, "machines": told, "day": day})


def _tables(rows: list[Share]) -> dict[str, Any]:
    """What a machine's section shows: its year, and a table of each kind that it has some of."""
    titles = {"pool": _("Pool"), "cap": _("Cap"), "undivided": _("Undivided pool")}
    tables = [(titles[kind], [_line(one) for one in rows if one.kind == kind]) for kind in titles]
    year = next((one for one in rows if one.kind == "pool"), None)
    return {"year": year, "tables": [(title, lines) for title, lines in tables if lines]}


def _line(row: Share) -> dict[str, Any]:
    is_cap = row.kind == "cap"
    cells = [
        (_("At most") if is_cap else _("Whole"), row.gpu_seconds), (_("Granted"), row.granted), (_("Used"), row.used),
        (_("Held"), row.held), (_("Not used yet"), row.unused),
        *([] if is_cap else [(_("Beyond awards"), row.written_off)]), (_("Left"), row.left),
    ]  # fmt: skip
    told = [(label, gpu_hours(seconds)) for label, seconds in cells]
    return {"title": row.title or _("Undivided pool"), "source": row.source if is_cap else None, "cells": told}


def _file(rows: list[Share], day: date) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="pools-{day}.csv"'}
    return HttpResponse(to_csv(rows), content_type="text/csv; charset=utf-8", headers=headers)
