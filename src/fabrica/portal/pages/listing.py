"""Whether a project stands in the public list: asked of its principal investigator, read by the others."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.forms.listing import ListingForm
from fabrica.portal.queries.awarded import is_shown
from fabrica.projects import rules, services
from fabrica.projects.engine import consent_on, duties
from fabrica.projects.models import Listing, Project
from fabrica.projects.queries import project_of


def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """The question, with what is a condition of the award and what is not; a POST answers it."""
    person = signed_in(request)
    project = project_of(person, slug)
    answers = rules.is_pi(person, project)
    found = Listing.objects.filter(project=project).first()
    form = ListingForm(request.POST if request.method == "POST" else None, found=found)
    if request.method == "POST":
        if not answers:
            raise NotAllowed(_("Only the project's principal investigator says whether it is listed in public."))
        if form.is_valid():
            try:
                return _answered(request, project, form)
            except Refused as problem:
                form.add_error(None, str(problem))
    return _page(request, project, found, form if answers else None)


def _answered(request: HttpRequest, project: Project, form: ListingForm) -> HttpResponse:
    given, person, now = form.cleaned_data, signed_in(request), utcnow()
    facts = {"sector": given["sector"], "abstract": given["abstract"]}
    if given["decision"] == "list":
        services.list_project(project=project, version=given["version"], by=person, now=now, **facts)
        if is_shown(project, now):
            messages.success(request, _("It stands in the public list now."))
    else:
        services.unlist_project(project=project, by=person, now=now, **facts)
        messages.success(request, _("It does not stand in the public list."))
    return redirect("portal:listing", project.slug)


def _page(request: HttpRequest, project: Project, found: Listing | None, form: ListingForm | None) -> HttpResponse:
    language = (get_language() or "en")[:2]
    consent = consent_on(timezone.localtime(utcnow()).date())
    shown = is_shown(project, utcnow())
    agreed = found is not None and found.listed_at is not None
    context = {
        "project": project, "listing": found, "is_shown": shown, "is_left_out": agreed and not shown,
        "form": form, "consent": consent, "wording": consent.said(language),
        "duties": [(one, one.said(language)) for one in duties()],
        "sector": found.get_sector_display() if found else "",
    }  # fmt: skip
    return render(request, "portal/listing.html", context)
