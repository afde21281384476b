"""The lists of projects and applications: everything that this person may see, 25 on a page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.applications.states import State
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.people.rules import is_staff_member, roles
from fabrica.portal.forms.finding import FindForm
from fabrica.portal.queries import lists
from fabrica.projects.queries import sees_all


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Running and ended projects, those with a late report, and what is next in each."""
    person = signed_in(request)
    states = [(lists.RUNNING, _("Running")), (lists.ENDED, _("Ended")), (lists.LATE, _("A report is late"))]
    form = FindForm(request.GET, states=states)
    asked = form.asked()
    page, lines = lists.project_page(person, utcnow(), cursor=request.GET.get("cursor", ""), **asked)
    context = {
        "form": form, "page": page, "lines": lines, "is_filtered": any(asked.values()), "sees_all": sees_all(person)
    }  # fmt: skip
    return render(request, "portal/projects.html", context)


@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Applications in every state, also those that were decided long ago."""
    person = signed_in(request)
    is_staff = is_staff_member(person)
    states = [one for one in State.choices if one[0] != State.DRAFT or not is_staff]
    form = FindForm(request.GET, states=states)
    asked = form.asked()
    page, lines = lists.application_page(person, utcnow(), cursor=request.GET.get("cursor", ""), **asked)
    context = {
        "form": form, "page": page, "lines": lines, "is_filtered": any(asked.values()), "is_staff": is_staff,
        "has_role": bool(roles(person)),
    }  # fmt: skip
    return render(request, "portal/applications.html", context)
