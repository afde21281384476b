"""Declaring an interest in who applies, and an officer's list of all that were declared."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.applications.queries import application_of
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people import rules as people_rules
from fabrica.people.queries import signed_in
from fabrica.people.states import Role
from fabrica.reviews import queries, services
from fabrica.reviews.forms import InterestForm
from fabrica.reviews.rules import must_declare

MOST_DIGITS = 16  # of a row's number


def declare(request: HttpRequest, code: str) -> HttpResponse:
    """Say why one does not judge who applies; afterwards none of its applications are shown any more."""
    person = signed_in(request)
    application = application_of(person, code)
    must_declare(person)
    form = InterestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.declare_interest(application=application, reason=form.cleaned_data["reason"], by=person, now=utcnow())
        told = _("Noted: you judge no application of %(organisation)s. The officers have been told.")
        messages.success(request, told % {"organisation": application.organisation})
        return redirect("home")
    return render(request, "reviews/interest.html", {"application": application, "form": form})


def declared(request: HttpRequest) -> HttpResponse:
    """What others declared, newest first; a form lifts one that does not hold."""
    person = signed_in(request)
    if not people_rules.has_role(person, Role.OFFICER):
        raise NotAllowed(_("Only officers see who declared which interest."))
    if request.method == "POST":
        return _lift(request)
    page = page_of(queries.interests_declared(person), request.GET.get("cursor", ""))
    return render(request, "reviews/interests.html", {"page": page})


def _lift(request: HttpRequest) -> HttpResponse:
    person, pk = signed_in(request), request.POST.get("interest", "")
    number = int(pk) if pk.isascii() and pk.isdigit() and len(pk) < MOST_DIGITS else 0
    found = queries.interests_declared(person).filter(pk=number).first()
    if found is None:
        raise NotFound(_("There is no such interest for you to see."))
    if request.POST.get("declared_at") != found.declared_at.isoformat():
        messages.error(request, _("This interest was declared anew meanwhile. Read it before you lift it."))
        return redirect("reviews:interests")
    try:
        services.lift_interest(conflict=found, reason=request.POST.get("reason", ""), by=person, now=utcnow())
        messages.success(request, _("Lifted. %(name)s may judge its applications again.") % {"name": found.person})
    except Refused as problem:
        messages.error(request, str(problem))
    return redirect("reviews:interests")
