"""Public pages of calls."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabrica.calls import queries
from fabrica.kit.time import utcnow


@login_not_required
def listing(request: HttpRequest) -> HttpResponse:
    """Every call one can, or soon can, apply to."""
    now = utcnow()
    calls = [(call, call.is_open(now)) for call in queries.listed()]
    return render(request, "calls/list.html", {"calls": calls})


@login_not_required
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One call: for whom, how much, how long, how fast, and where that is written."""
    call = queries.call_by_slug(slug)
    return render(request, "calls/detail.html", {"call": call, "mode": call.mode, "is_open": call.is_open(utcnow())})
