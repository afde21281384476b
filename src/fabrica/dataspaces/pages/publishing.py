"""A provider's pages: describe, upload, review, publish, withdraw."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.dataspaces import queries, rules, services
from fabrica.dataspaces.forms import DatasetForm, NewDatasetForm, PublishForm, UploadForm, WithdrawForm
from fabrica.dataspaces.models import Dataset, Version
from fabrica.kit.errors import NotFound, Problem
from fabrica.kit.files import list_files
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people import rules as people_rules
from fabrica.people.queries import organisation_of, organisations_of, signed_in
from fabrica.people.states import Role

MOST_SHOWN = 200


def mine(request: HttpRequest) -> HttpResponse:
    """What the person publishes, and how many projects use it."""
    person = signed_in(request)
    if not people_rules.has_role(person, Role.PROVIDER):
        raise NotFound(_("This page is for data providers."), todo=_("Ask the site's operator to become one."))
    page = page_of(queries.mine(person), request.GET.get("cursor", ""))
    newest, projects = queries.newest_of(page.rows), queries.projects_using(page.rows)
    rows = [(one, newest.get(one.pk), projects[one.pk]) for one in page.rows]
    return render(request, "dataspaces/mine.html", {"rows": rows, "page": page})


def new(request: HttpRequest) -> HttpResponse:
    """Describe a new dataset; its first draft waits for files."""
    person = signed_in(request)
    if not people_rules.has_role(person, Role.PROVIDER):
        raise NotFound(_("This page is for data providers."), todo=_("Ask the site's operator to become one."))
    choices = [(one.uid, one.name) for one in organisations_of(person)]
    form = NewDatasetForm(request.POST or None, organisations=choices)
    if request.method == "POST" and form.is_valid():
        try:
            organisation = organisation_of(person, form.cleaned_data["organisation"])
            made = services.create_dataset(organisation=organisation, values=form.values(), by=person, now=utcnow())
            draft = services.new_version(dataset=made, by=person, now=utcnow())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("dataspaces:upload", made.slug, draft.number)
    return render(request, "dataspaces/new.html", {"form": form})


def _provided(request: HttpRequest, slug: str) -> Dataset:
    """The dataset, for its provider; for others there is no such page."""
    dataset = queries.dataset_of(signed_in(request), slug)
    if not rules.provides(signed_in(request), dataset):
        raise NotFound(_("This page is for the dataset's provider."), todo=_("See the dataset's own page."))
    return dataset


def _provided_version(request: HttpRequest, slug: str, number: int) -> Version:
    _provided(request, slug)
    return queries.version_at(signed_in(request), slug, number)


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change description, licence and policy."""
    dataset = _provided(request, slug)
    form = DatasetForm(request.POST or None, instance=dataset)
    if request.method == "POST" and form.is_valid():
        fresh, before = _provided(request, slug), dataset.terms.sha256
        try:
            changed = services.change_dataset(dataset=fresh, values=form.values(), by=signed_in(request), now=utcnow())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            told = _("Saved.") if changed.terms.sha256 == before else _("Saved. New stagings need a new acceptance.")
            messages.success(request, told)
            return redirect("dataspaces:detail", slug)
    return render(request, "dataspaces/edit.html", {"form": form, "dataset": dataset})


@require_POST
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Start the next version, or go on with the draft there is."""
    made = services.new_version(dataset=_provided(request, slug), by=signed_in(request), now=utcnow())
    return redirect("dataspaces:upload", slug, made.number)


def upload(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Put files into a draft."""
    version = _provided_version(request, slug, number)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        files = form.cleaned_data["uploads"]
        try:
            services.add_files(version=version, files=files, by=signed_in(request), now=utcnow())
        except Problem as problem:
            form.add_error("uploads", str(problem))
        else:
            messages.success(request, _("The files are in the draft. Nobody else sees them yet."))
            return redirect("dataspaces:upload", slug, number)
    context = {"form": form, "version": version, "dataset": version.dataset, "limits": services.limits()}
    return render(request, "dataspaces/upload.html", {**context, **_listed(version)})


def _listed(version: Version) -> dict[str, object]:
    """The first files of a draft as they lie on the disk now."""
    paths = list_files(version.path)
    rows = [(one.relative_to(version.path).as_posix(), one.stat().st_size) for one in paths[:MOST_SHOWN]]
    return {"files": rows, "more_count": max(0, len(paths) - MOST_SHOWN)}


@require_POST
def clear(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Empty a draft."""
    version = _provided_version(request, slug, number)
    services.clear_files(version=version, by=signed_in(request), now=utcnow())
    messages.success(request, _("The draft is empty."))
    return redirect("dataspaces:upload", slug, number)


def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Everything that will be published, and the last question."""
    version = _provided_version(request, slug, number)
    form = PublishForm(request.POST or None, initial={"revision": version.revision})
    if request.method == "POST" and form.is_valid():
        revision = form.cleaned_data["revision"]
        try:
            services.publish(version=version, revision=revision, by=signed_in(request), now=utcnow())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("%(uri)s is published.") % {"uri": version.uri})
            return redirect("dataspaces:detail", slug)
    context = {"form": form, "version": version, "dataset": version.dataset, **_listed(version)}
    return render(request, "dataspaces/review.html", context)


def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take a version back."""
    version = _provided_version(request, slug, number)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            services.withdraw(version=version, reason=reason, by=signed_in(request), now=utcnow())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("%(uri)s is withdrawn.") % {"uri": version.uri})
            return redirect("dataspaces:detail", slug)
    return render(request, "dataspaces/withdraw.html", {"form": form, "version": version, "dataset": version.dataset})
