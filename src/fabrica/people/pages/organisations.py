"""Pages of an organisation: registering it, looking at it, changing what is said of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused
from fabrica.kit.paging import page_by
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.engine.likeness import Marks
from fabrica.people.engine.numbers import compact, name_key, vat_within
from fabrica.people.forms import MemberForm, OrganisationChangeForm, OrganisationForm
from fabrica.people.queries import Twin, signed_in
from fabrica.people.states import Role

MOST_TWINS = 5


def organisation_new(request: HttpRequest) -> HttpResponse:
    """Register an organisation; where it may be here already, the person is asked first."""
    form = OrganisationForm(request.POST or None)
    twins: list[Twin] = []
    if request.method == "POST" and form.is_valid():
        twins = [] if request.POST.get("is_new") else _twins_of(form)
        try:
            made = None if twins else services.register_organisation(
                **form.cleaned_data, by=signed_in(request), now=utcnow()
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, str(problem))
            twins = _twins_of(form)
        else:
            if made is not None:
                messages.success(request, _("%(name)s is registered.") % {"name": made.name})
                return redirect("home")
    context = {"form": form, "twins": twins, "may_be_new": twins and not form.errors}
    return render(request, "people/organisation_new.html", context)


def _twins_of(form: OrganisationForm) -> list[Twin]:
    told = form.cleaned_data
    if not {"name", "country", "registration_number"} <= set(told):
        return []
    key = compact(told["registration_number"])
    return queries.twins(Marks(told["country"], name_key(told["name"]), key, vat_within(key)), MOST_TWINS)


def organisation(request: HttpRequest, uid: str) -> HttpResponse:
    """An organisation and its members; officers look on, and see which others may be the same."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_member(organisation=found, email=form.cleaned_data["email"], by=person, now=utcnow())
        except (NotFound, Refused) as problem:
            form.add_error("email", str(problem))
        else:
            messages.success(request, _("Added."))
            return redirect("people:organisation", uid)
    manages, is_officer = rules.can_manage(person, found), rules.has_role(person, Role.OFFICER)
    declared = queries.sme_declaration_of(found)
    context = {
        "organisation": found,
        "sme": declared,
        "sme_is_valid": declared is not None and declared.is_valid(utcnow()),
        "page": page_by(queries.members_of(found), "joined_at", request.GET.get("cursor", "")),
        "form": form if manages else None,
        "works_here": rules.works_for(person, found),
        "is_officer": is_officer,
        "twins": queries.twins(queries.marks_of(found), MOST_TWINS, but=found.pk) if is_officer or manages else [],
    }
    return render(request, "people/organisation.html", context)


@require_POST
def administrator_appoint(request: HttpRequest, uid: str) -> HttpResponse:
    """Let another member administer the organisation too."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    member = services.appoint_administrator(
        organisation=found, uid=request.POST.get("person", "")[:32], by=person, now=utcnow()
    )
    messages.success(request, _("%(name)s is an administrator.") % {"name": member.person.name})
    return redirect("people:organisation", uid)


def organisation_change(request: HttpRequest, uid: str) -> HttpResponse:
    """Change what its people say of it."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    if not rules.can_manage(person, found):
        raise NotAllowed(_("Only an administrator of the organisation changes what stands here."))
    form = OrganisationChangeForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        row = queries.organisation_to_read(person, uid)  # the form's own already holds what was typed
        try:
            services.change_organisation(organisation=row, values=form.cleaned_data, by=person, now=utcnow())
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("people:organisation", uid)
    return render(request, "people/organisation_change.html", {"organisation": found, "form": form})
