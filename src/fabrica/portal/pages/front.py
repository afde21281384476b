"""The public start page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from fabrica.kit.time import utcnow
from fabrica.portal.facts import price
from fabrica.portal.queries import access, front


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
        "access_times": access.access_times(now),
    }
    return render(request, "portal/start.html", context)


@login_not_required
def access_times(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - the same for everybody
    """How long access took, per mode, for programs; nobody needs an account to read it."""
    return JsonResponse(access.as_json(utcnow()))
