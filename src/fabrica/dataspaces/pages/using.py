"""A project's pages: accept and stage, follow the copy, bring own data."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.dataspaces import queries, services
from fabrica.dataspaces.forms import OwnDataForm, UseForm
from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.states import TO_DO
from fabrica.kit.errors import Problem
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.engine.assurance import DATA
from fabrica.people.queries import signed_in
from fabrica.people.rules import must_be_assured
from fabrica.projects import rules as project_rules
from fabrica.projects.models import Project
from fabrica.projects.queries import project_of


def use(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Read the terms beside the project's purpose, accept them, and have the version copied."""
    person = signed_in(request)
    must_be_assured(person, DATA, now=utcnow())  # before the terms are read for nothing
    version = queries.version_at(person, slug, number)
    projects = list(queries.workplaces(person, utcnow())[:100])
    choices = [(one.slug, one.title) for one in projects]
    form = UseForm(request.POST or None, projects=choices, terms_sha256=version.dataset.terms.sha256)
    if request.method == "POST" and form.is_valid():
        project, read = project_of(person, form.cleaned_data["project"]), form.cleaned_data["terms_sha256"]
        try:
            services.accept(version=version, project=project, by=person, now=utcnow(), terms_sha256=read)
            staging = services.stage(version=version, project=project, by=person, now=utcnow())
        except services.TermsChanged as problem:
            messages.error(request, str(problem))
            return redirect("dataspaces:use", slug, number)
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("dataspaces:staging", project.slug, staging.pk)
    context = {"form": form, "version": version, "dataset": version.dataset, "projects": projects}
    return render(request, "dataspaces/use.html", context)


def project_data(request: HttpRequest, slug: str) -> HttpResponse:
    """The data of a project."""
    person = signed_in(request)
    project = project_of(person, slug)
    page = page_of(queries.stagings_in(person, project), request.GET.get("cursor", ""))
    context = {"project": project, "page": page, "works_here": project_rules.works_in(person, project)}
    return render(request, "dataspaces/project.html", context)


def staging(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """How far a copy is, and why it stopped. While it is under way, htmx asks for the middle part alone."""
    person = signed_in(request)
    project = project_of(person, slug)
    found = queries.staging_at(person, project, pk)
    name = "dataspaces/staging_now.html" if getattr(request, "htmx", False) else "dataspaces/staging.html"
    return render(request, name, _shown(found, project, works_here=project_rules.works_in(person, project)))


def _shown(found: Staging, project: Project, *, works_here: bool) -> dict[str, Any]:
    return {
        "staging": found,
        "version": found.version,
        "dataset": found.version.dataset,
        "project": project,
        "works_here": works_here,
        "is_under_way": found.state in TO_DO,
    }


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Try a copy again."""
    person = signed_in(request)
    found = queries.staging_at(person, project_of(person, slug), pk)
    services.retry(staging=found, by=person, now=utcnow())
    messages.success(request, _("It is tried again."))
    return redirect("dataspaces:staging", slug, pk)


def own_data(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring files that only the project sees."""
    person = signed_in(request)
    project = project_of(person, slug)
    form = OwnDataForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.own_data(project=project, by=person, now=utcnow(), **_told(form))
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            copy = queries.staging_of(project, made)
            return redirect("dataspaces:staging", slug, copy.pk) if copy else redirect("dataspaces:project", slug)
    return render(request, "dataspaces/own.html", {"form": form, "project": project, "limits": services.limits()})


def _told(form: OwnDataForm) -> dict[str, Any]:
    """The answers as the service takes them; a form has files of its own, so its field bears another name."""
    told = {**form.cleaned_data}
    return {"files": told.pop("uploads"), **told}
