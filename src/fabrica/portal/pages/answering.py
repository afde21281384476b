"""The applicant's answer to an award that is offered."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.allocations import services
from fabrica.allocations.models import Award
from fabrica.allocations.queries import offer_waiting
from fabrica.applications.models import Application
from fabrica.applications.queries import application_of, clock_of
from fabrica.applications.rules import can_edit
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.forms.answering import AcceptForm, DeclineForm


def answer(request: HttpRequest, code: str) -> HttpResponse:
    """What is offered, until when; a POST accepts it, or declines it with a reason that was confirmed."""
    person, now = signed_in(request), utcnow()
    application = application_of(person, code)
    if not can_edit(person, application):
        raise NotAllowed(_("Only members of the organisation answer for its application."))
    offer = offer_waiting(application)
    if offer is None:
        raise Refused(_("No award waits for an answer here."), why=application.get_state_display())
    chosen = request.POST.get("decision") if request.method == "POST" else None
    seen = {"number": offer.number}
    accepting = AcceptForm(request.POST if chosen == "accept" else None, initial=seen)
    declining = DeclineForm(request.POST if chosen == "decline" else None, initial=seen)
    try:
        if chosen == "accept" and accepting.is_valid():
            return _accepted(request, application, accepting)
        if chosen == "decline" and declining.is_valid():
            return _declined(request, application, declining)
    except Refused as problem:
        (accepting if chosen == "accept" else declining).add_error(None, str(problem))
    clock = clock_of(application)
    context = {
        "application": application, "offer": offer, "accepting": accepting,
        "declining": declining, "step": clock.step if clock else None, "machine": application.call.machine,
        "standing": clock.step.standing(now) if clock and clock.step else None,
    }  # fmt: skip
    return render(request, "portal/answer.html", context)


def _accepted(request: HttpRequest, application: Application, form: AcceptForm) -> HttpResponse:
    made: Award = services.accept(
        application=application, number=form.cleaned_data["number"], by=signed_in(request), now=utcnow()
    )
    messages.success(request, _("Accepted. Your project is open; its account on the machine follows in a minute."))
    return redirect("portal:project", made.project.slug)


def _declined(request: HttpRequest, application: Application, form: DeclineForm) -> HttpResponse:
    told = form.cleaned_data
    services.decline(
        application=application, number=told["number"], reason=told["reason"], by=signed_in(request), now=utcnow()
    )
    messages.success(request, _("Declined. The hours are back in the pool, and the officers know why."))
    return redirect("applications:detail", application.code)
