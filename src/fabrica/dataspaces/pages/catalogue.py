"""Public pages: the catalogue and a dataset."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabrica.dataspaces import queries, rules
from fabrica.dataspaces.forms import SearchForm
from fabrica.dataspaces.models import Dataset
from fabrica.dataspaces.pages.shown import uses_table, versions_table
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.people.states import Role

MOST_USES, MOST_VERSIONS, MOST_FILES = 50, 50, 200


def visitor(request: HttpRequest) -> Person | None:
    """The person who looks, None for one who is not signed in."""
    return signed_in(request) if request.user.is_authenticated else None


@login_not_required
def listing(request: HttpRequest) -> HttpResponse:
    """The catalogue, searched by words, licence and language."""
    person, form = visitor(request), SearchForm(request.GET or None)
    form.is_valid()
    asked = getattr(form, "cleaned_data", {})
    found = queries.search(person, asked.get("q", ""), asked.get("licence", ""), asked.get("language", ""))
    page = page_of(found, request.GET.get("cursor", ""))
    newest = queries.newest_of(page.rows)
    rows = [(one, newest.get(one.pk)) for one in page.rows]
    is_provider = person is not None and people_rules.has_role(person, Role.PROVIDER)
    context = {"form": form, "rows": rows, "page": page, "is_provider": is_provider, "asked": any(asked.values())}
    return render(request, "dataspaces/list.html", context)


@login_not_required
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A dataset: what it is, its terms, versions, and for its provider who used it for what."""
    person = visitor(request)
    dataset = queries.dataset_of(person, slug)
    newest = queries.newest_published(dataset)
    context = {
        "dataset": dataset,
        "newest": newest,
        "versions": versions_table(list(queries.versions_of(person, dataset)[:MOST_VERSIONS])),
        "provides": rules.provides(person, dataset),
        "has_projects": person is not None and queries.workplaces(person, utcnow()).exists(),
        **(_usage(person, dataset) if person and rules.provides(person, dataset) else {}),
    }
    return render(request, "dataspaces/detail.html", context)


def _usage(person: Person, dataset: Dataset) -> dict[str, Any]:
    rows = queries.uses(list(queries.usage_of(person, dataset)[:MOST_USES]))
    return {"uses": uses_table(rows), "project_count": queries.projects_using([dataset])[dataset.pk]}


@login_not_required
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A version: its hash and files. Its provider is led on to upload, review and publish."""
    person = visitor(request)
    found = queries.version_at(person, slug, number)
    context = {
        "version": found,
        "dataset": found.dataset,
        "provides": rules.provides(person, found.dataset),
        "files": found.facts[:MOST_FILES],
        "more_count": max(0, found.file_count - MOST_FILES),
    }
    return render(request, "dataspaces/version.html", context)
