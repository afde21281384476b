"""The page on which a person gives their ORCID iD and those of their co-authors."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.forms import AuthorshipForm
from fabrica.people.queries import signed_in


@never_cache
def authorship(request: HttpRequest) -> HttpResponse:
    """One's ORCID iD, co-authors and fellow applicants: what conflicts of interest are found by."""
    person = signed_in(request)
    kept = queries.authorship_of(person)
    is_post = request.method == "POST"
    form = AuthorshipForm(request.POST if is_post else None, request.FILES if is_post else None, kept=kept)
    if is_post and form.is_valid():
        try:
            made = services.note_authorship(**form.told(), by=person, now=utcnow())
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved: %(count)s co-authors.") % {"count": len(made.coauthors)})
            return redirect("people:authorship")
    return render(request, "people/authorship.html", {"form": form})
