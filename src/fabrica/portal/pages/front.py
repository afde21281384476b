"""The public start page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabrica.kit.time import utcnow
from fabrica.portal.facts import price
from fabrica.portal.queries import front


@login_not_required
def start(request: HttpRequest) -> HttpResponse:
    """What this factory is, the way in, the open calls, the load, the models and what came of it."""
    now = utcnow()
    calls = front.calls(now)
    context = {
        "calls": calls,
        "promise": front.promise(calls),
        "price": price(),
        "loads": front.loads(now),
        "models": front.models(),
        "figures": front.figures(),
    }
    return render(request, "portal/start.html", context)
