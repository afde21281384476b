"""Letters about a project: none for who wants none."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.muting import write_about
from fabrica.projects.queries import project_of


@require_POST
def mute(request: HttpRequest, slug: str) -> HttpResponse:
    """Have no letters about a project any more; its notices stand on the portal."""
    person = signed_in(request)
    found = project_of(person, slug)
    write_about(found, muted=True, by=person, now=utcnow())
    messages.success(request, _("You get no letters about %(title)s any more.") % {"title": found.title})
    return redirect("portal:project", slug)


@require_POST
def unmute(request: HttpRequest, slug: str) -> HttpResponse:
    """Have letters about it again."""
    person = signed_in(request)
    found = project_of(person, slug)
    write_about(found, muted=False, by=person, now=utcnow())
    messages.success(request, _("You get letters about %(title)s again.") % {"title": found.title})
    return redirect("portal:project", slug)
