"""Idle hours: an officer lets them stay, announces that they go, and takes them; the project objects."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.projects import services as projects
from fabrica.projects.queries import project_of, unsettled_reclaim


@require_POST
def keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer that a project's idle hours stay, with the reason."""
    projects.keep_hours(**_told(request, slug, "reason"))
    return _done(request, _("Done. The project was told."))


@require_POST
def announce(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell the project that its unused hours go back; it may object."""
    services.announce_reclaim(**_told(request, slug, "reason"))
    return _done(request, _("Announced. The project was told, and may object."))


@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the unused hours back to the pool."""
    services.reclaim(**_told(request, slug, "reason"))
    return _done(request, _("The hours are back in the pool. The project was told."))


@require_POST
def object_to(request: HttpRequest, slug: str) -> HttpResponse:
    """Say why the project needs its hours."""
    projects.object_to_reclaim(**_told(request, slug, "objection"))
    messages.success(request, _("The officers were told. Nothing is taken until one has answered."))
    return redirect("portal:project", slug)


def _told(request: HttpRequest, slug: str, words: str) -> dict[str, Any]:
    """What a service on the idle hours of a project takes; `words` names what was written."""
    person = signed_in(request)
    proposal = unsettled_reclaim(person, project_of(person, slug))
    return {"proposal": proposal, words: request.POST.get(words, ""), "by": person, "now": utcnow()}


def _done(request: HttpRequest, told: str) -> HttpResponse:
    messages.success(request, told)
    return redirect("portal:watchlist")
