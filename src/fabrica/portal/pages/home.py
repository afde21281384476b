"""The home of a person who signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.kit.time import utcnow
from fabrica.notices import services
from fabrica.people.queries import signed_in
from fabrica.portal.queries.home import home_of
from fabrica.portal.words import told


def home(request: HttpRequest) -> HttpResponse:
    """The next step, then applications, projects, runs that go on and notices."""
    found = home_of(signed_in(request), utcnow())
    return render(request, "portal/home.html", {"home": found, "step": told(found.step)})


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Note that every notice so far was seen."""
    services.mark_read(by=signed_in(request), now=utcnow())
    messages.success(request, _("Marked as read."))
    return redirect("home")
