"""Hours added to a project's award, by an officer or an operator."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.allocations import services
from fabrica.allocations.queries import top_up_of
from fabrica.kit.errors import Refused
from fabrica.kit.ids import new_uid
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.forms import TopUpForm
from fabrica.portal.queries.topping import Room, room_of
from fabrica.web.words import gpu_hours


def top_up(request: HttpRequest, slug: str) -> HttpResponse:
    """Say how much and why, see what it does, confirm: a POST shows it; with `add` it adds, with `change` it goes back.

    One form adds once, however often it is sent.
    """
    room = room_of(signed_in(request), slug, utcnow())
    data = request.POST if request.method == "POST" else None
    form = TopUpForm(data, room=room, initial={"key": new_uid()})
    context: dict[str, Any] = {"room": room, "award": room.award, "project": room.award.project, "form": form}
    if form.is_valid() and "change" not in request.POST:
        after = room.after(form.gpu_seconds(), from_reserve=form.is_from_reserve())
        try:
            if told := _told_before(room, form) or ("add" in request.POST and _added(request, room, form)):
                messages.success(request, told)
                return redirect("portal:project", slug)
            services.check_top_up(
                award=room.award, gpu_seconds=after.gpu_seconds, key=form.cleaned_data["key"], now=utcnow(),
                from_reserve=after.from_reserve,
            )  # fmt: skip
            context["after"] = after
        except Refused as problem:
            form.add_error(None, str(problem))
    return render(request, "portal/top_up.html", context)


def _told_before(room: Room, form: TopUpForm) -> str:
    """What to say to a form that added its hours before: it was sent twice, or changed after a step back."""
    done = top_up_of(room.award, form.cleaned_data["key"])
    if done is None:
        return ""
    told = _("This form added %(hours)s before; nothing was added again. Open it anew to add more.")
    return told % {"hours": gpu_hours(done.transfer.gpu_seconds)}


def _added(request: HttpRequest, room: Room, form: TopUpForm) -> str:
    """Add them, and say what follows. Raises Refused."""
    award, given = room.award, form.cleaned_data
    made = services.top_up(
        award=award, gpu_seconds=form.gpu_seconds(), key=given["key"], reason=given["reason"],
        from_reserve=form.is_from_reserve(), by=signed_in(request), now=utcnow(),
    )  # fmt: skip
    facts = {"hours": gpu_hours(form.gpu_seconds()), "total": gpu_hours(made.gpu_seconds)}
    if award.machine.site.is_dry_run:
        return _("%(hours)s were added; the award has %(total)s now. An operator applies it to the machine.") % facts
    return _("%(hours)s were added; the award has %(total)s now. The machine follows within a minute.") % facts
