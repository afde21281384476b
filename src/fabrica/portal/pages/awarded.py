"""The public list of awarded projects: a page, files for a spreadsheet or a program, and pages of JSON; no account.

Nothing of it is kept on the way: who takes their consent back is gone from the next answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple
from json import dumps
from typing import TypeVar

from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_not_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from fabrica.calls.queries import titles
from fabrica.kit.sheets import lines
from fabrica.kit.time import utcnow
from fabrica.people.states import COUNTRIES
from fabrica.portal.forms.listing import AwardedForm
from fabrica.portal.queries.awarded import COLUMNS, Awarded, Filters, exported, page, years

Answer = TypeVar("Answer", bound=HttpResponseBase)


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def awarded(request: HttpRequest) -> HttpResponse:
    """The list, newest first, 25 on a page."""
    now = utcnow()
    form = _form(request)
    found, rows = page(now, form.filters(), request.GET.get("cursor", ""))
    told = [(one, COUNTRIES.get(one.country, one.country)) for one in rows]
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {
        "form": form, "page": found, "rows": told, "is_filtered": form.filters() != Filters(),
        "query": query.urlencode(),
    }  # fmt: skip
    return _fresh(render(request, "portal/awarded.html", context))


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def awarded_csv(request: HttpRequest) -> HttpResponseBase:
    """All of it, as filtered, for a spreadsheet: no cell is a formula."""
    rows = (astuple(one) for one in exported(utcnow(), _form(request).filters()))
    return _file((one.encode() for one in lines(COLUMNS, rows)), "csv", "text/csv; charset=utf-8")


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def awarded_file(request: HttpRequest) -> HttpResponseBase:
    """All of it, as filtered, for a program."""
    return _file(_json(exported(utcnow(), _form(request).filters())), "json", "application/json")


@login_not_required
@require_safe
@rate_limit(action="public_list", limit_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def awarded_api(request: HttpRequest) -> HttpResponseBase:
    """A page of it for programs; `cursor` takes what `next_cursor` gave."""
    found, rows = page(utcnow(), _form(request).filters(), request.GET.get("cursor", ""))
    return _fresh(JsonResponse({"rows": [asdict(one) for one in rows], "next_cursor": found.next_cursor}))


def _form(request: HttpRequest) -> AwardedForm:
    return AwardedForm(request.GET, modes=titles(), years=years(utcnow()))


def _json(rows: Iterable[Awarded]) -> Iterator[bytes]:
    """An array, one row on a line, written as it is read."""
    before = "["
    for one in rows:
        yield f"{before}\n{dumps(asdict(one), cls=DjangoJSONEncoder)}".encode()
        before = ","
    yield (b"[]" if before == "[" else b"\n]") + b"\n"


def _file(parts: Iterable[bytes], ending: str, kind: str) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="awarded-projects.{ending}"', "Content-Type": kind}
    return _fresh(StreamingHttpResponse(parts, headers=headers))


def _fresh(answer: Answer) -> Answer:
    patch_cache_control(answer, no_store=True)
    return answer
