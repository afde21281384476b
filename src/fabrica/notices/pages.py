"""All notices of a person, how often they are mailed, and what is muted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.kit.errors import NotFound
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.notices import queries, services
from fabrica.notices.forms import RhythmForm
from fabrica.people.queries import signed_in


def notices(request: HttpRequest) -> HttpResponse:
    """One's notices, newest first, and how they are mailed."""
    person = signed_in(request)
    form = RhythmForm(request.POST or None, initial={"rhythm": queries.rhythm_of(person)})
    if request.method == "POST" and form.is_valid():
        services.set_rhythm(rhythm=form.cleaned_data["rhythm"], by=person, now=utcnow())
        messages.success(request, _("Kept."))
        return redirect("notices:list")
    context = {
        "page": page_of(queries.visible_to(person), request.GET.get("cursor", "")),
        "unread": queries.visible_to(person).filter(read_at=None).exists(),
        "mutes": queries.mutes_of(person),
        "form": form,
    }
    return render(request, "letters/list.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Note that every notice so far was seen."""
    services.mark_read(by=signed_in(request), now=utcnow())
    messages.success(request, _("Marked as read."))
    return redirect("notices:list")


@require_POST
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    """Have letters about it again."""
    person = signed_in(request)
    found = queries.mutes_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("This is not muted any more."))
    services.unmute(about=found.about, by=person, now=utcnow())
    messages.success(request, _("You get letters about %(title)s again.") % {"title": found.title})
    return redirect("notices:list")
