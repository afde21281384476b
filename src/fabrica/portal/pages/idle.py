"""Idle hours: an officer lets them stay, announces that they go, and takes them; the project objects."""

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
    person, reason = signed_in(request), request.POST.get("reason", "")
    proposal = unsettled_reclaim(person, project_of(person, slug))
    projects.keep_hours(proposal=proposal, reason=reason, by=person, now=utcnow())
    messages.success(request, _("Done. The project was told."))
    return redirect("portal:watchlist")


@require_POST
def announce(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell the project that its unused hours go back; it may object."""
    person, reason = signed_in(request), request.POST.get("reason", "")
    proposal = unsettled_reclaim(person, project_of(person, slug))
    services.announce_reclaim(proposal=proposal, reason=reason, by=person, now=utcnow())
    messages.success(request, _("Announced. The project was told, and may object."))
    return redirect("portal:watchlist")


@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the unused hours back to the pool."""
    person, reason = signed_in(request), request.POST.get("reason", "")
    proposal = unsettled_reclaim(person, project_of(person, slug))
    services.reclaim(proposal=proposal, reason=reason, by=person, now=utcnow())
    messages.success(request, _("The hours are back in the pool. The project was told."))
    return redirect("portal:watchlist")


@require_POST
def object_to(request: HttpRequest, slug: str) -> HttpResponse:
    """Say why the project needs its hours."""
    person, objection = signed_in(request), request.POST.get("objection", "")
    proposal = unsettled_reclaim(person, project_of(person, slug))
    projects.object_to_reclaim(proposal=proposal, objection=objection, by=person, now=utcnow())
    messages.success(request, _("The officers were told. Nothing is taken until one has answered."))
    return redirect("portal:project", slug)
