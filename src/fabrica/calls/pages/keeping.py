"""Opening a call of a mode, and pausing, opening again or closing one: for operators."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.calls import queries, rules, services
from fabrica.calls.forms.call import OpenForm, StateForm
from fabrica.calls.states import State
from fabrica.clusters.queries import machines
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in


def open_mode(request: HttpRequest, key: str) -> HttpResponse:
    """Open a call of a mode on a machine."""
    person, now = signed_in(request), utcnow()
    rules.must_operate(person)
    row = queries.mode_row(key, now)
    initial = {"slug": f"{key}-{now.year}", "title": f"{row['title']} {now.year}"}
    form = OpenForm(request.POST if request.method == "POST" else None, machines=machines(), initial=initial)
    if form.is_valid():
        try:
            call = services.open_call(**form.cleaned_data, mode=key, by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Open. Applicants find it among the calls."))
            return redirect("calls:detail", call.slug)
    return render(request, "calls/mode_open.html", {"form": form, "row": row})


def state(request: HttpRequest, slug: str) -> HttpResponse:
    """Pause a call with its reason and alternatives, open it again, or close it."""
    person = signed_in(request)
    rules.must_operate(person)
    call = queries.call_by_slug(slug)
    initial = {
        "state": call.state, "reason": call.pause_reason, "alternatives": [one.slug for one in call.alternatives.all()],
    }  # fmt: skip
    others = queries.listed().exclude(pk=call.pk)
    form = StateForm(request.POST if request.method == "POST" else None, others=others, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.set_state(
                call=call, state=State(data["state"]), by=person, now=utcnow(), reason=data["reason"],
                alternatives=list(data["alternatives"]),
            )  # fmt: skip
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("calls:detail", slug)
    return render(request, "calls/call_state.html", {"form": form, "call": call})
