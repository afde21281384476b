"""Who belongs to a project: inviting, joining, roles, leaving, another principal investigator."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.forms import InviteForm, RoleForm
from fabrica.portal.pages.project import page
from fabrica.projects import queries, services
from fabrica.projects.models import Project
from fabrica.projects.states import InvitationState, Role


def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Invite somebody by e-mail."""
    found = _project(request, slug)
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            services.invite(project=found, email=email, role=role, by=signed_in(request), now=utcnow())
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("%(email)s gets a letter with a link that works once.") % {"email": email})
            return _back(slug)
    return page(request, slug, form)


@require_POST
def invite_again(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Send another letter."""
    found = queries.invitation_of(_project(request, slug), uid)
    services.invite_again(invitation=found, by=signed_in(request), now=utcnow())
    told = _("%(email)s gets another letter; the link of the one before no longer works.")
    messages.success(request, told % {"email": found.email})
    return _back(slug)


@require_POST
def revoke(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Revoke an invitation."""
    found = queries.invitation_of(_project(request, slug), uid)
    services.revoke_invitation(invitation=found, by=signed_in(request), now=utcnow())
    messages.success(request, _("The invitation of %(email)s is revoked.") % {"email": found.email})
    return _back(slug)


@never_cache
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """What one is invited to; a POST joins."""
    now, person = utcnow(), signed_in(request)
    found = queries.invitation_by_code(code)
    project = found.project
    if request.method == "POST":
        services.accept_invitation(invitation=found, by=person, now=now)
        messages.success(request, _("You belong to this project now."))
        return _back(project.slug)
    is_open = found.state(now) == InvitationState.OPEN and now < project.ends_at
    context = {"invitation": found, "project": project, "state": found.state(now), "is_open": is_open}
    context["belongs"] = project.members.filter(person=person).exists()
    return render(request, "portal/invitation.html", context)


@require_POST
def remove(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """End a person's part in the project."""
    found = _project(request, slug)
    member = queries.member_of(found, uid)
    services.remove_member(project=found, person=member.person, by=signed_in(request), now=utcnow())
    messages.success(request, _("%(name)s no longer works in this project.") % {"name": member.person})
    return _back(slug)


@require_POST
def role(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Change as what a person belongs to the project."""
    found, form = _project(request, slug), RoleForm(request.POST)
    member = queries.member_of(found, uid)
    if not form.is_valid():
        raise Refused(_("Choose one of the roles."))
    wanted = Role(form.cleaned_data["role"])
    services.set_role(project=found, person=member.person, role=wanted, by=signed_in(request), now=utcnow())
    messages.success(request, _("%(name)s: %(role)s") % {"name": member.person, "role": wanted.label})
    return _back(slug)


@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """End one's own part in the project."""
    found = _project(request, slug)
    services.leave(project=found, by=signed_in(request), now=utcnow())
    messages.success(request, _("You left %(project)s.") % {"project": found})
    return redirect("home")


@require_POST
def propose(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Propose another principal investigator."""
    found = _project(request, slug)
    member = queries.member_of(found, uid)
    services.propose_pi(project=found, person=member.person, by=signed_in(request), now=utcnow())
    messages.success(request, _("%(name)s was asked; nothing changes before they consent.") % {"name": member.person})
    return _back(slug)


@require_POST
def proposal(request: HttpRequest, slug: str) -> HttpResponse:
    """Consent to the proposal, decline it, or take it back: which one the field `answer` says."""
    found, now, person = _project(request, slug), utcnow(), signed_in(request)
    answer = request.POST.get("answer", "")
    if answer == "withdraw":
        services.withdraw_proposal(project=found, by=person, now=now)
    else:
        asked = queries.open_handover(found, now)
        if asked is None:
            raise NotFound(_("Nothing is proposed."))
        services.answer_proposal(handover=asked, accept=answer == "accept", by=person, now=now)
    messages.success(request, _("Done."))
    return _back(slug)


def _project(request: HttpRequest, slug: str) -> Project:
    return queries.project_of(signed_in(request), slug)


def _back(slug: str) -> HttpResponse:
    return redirect("portal:project", slug)
