"""Pages of models and keys. What is published is for everybody; a download is a page too, so that it needs no token."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from fabrica.kit.paging import page_of
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.registry import queries, readiness, rules, shown, telling
from fabrica.registry.engine import revoked_json
from fabrica.registry.engine.ranges import range_of
from fabrica.registry.export import export_of
from fabrica.registry.forms import SearchForm
from fabrica.registry.states import State
from fabrica.training.states import Kind

OCTETS = "application/octet-stream"
PIECE_BYTES = 1 << 18


def reader(request: HttpRequest) -> Person | None:
    """Who reads: a person, or None for somebody who is not signed in."""
    return signed_in(request) if request.user.is_authenticated else None


@login_not_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """What is published, and fits what is looked for; for members also what their projects registered."""
    person = reader(request)
    form = SearchForm(request.GET)
    form.is_valid()  # an unknown choice is as good as none
    asked = {name: str(form.cleaned_data.get(name, "")) for name in ("q", "kind")}
    page = page_of(queries.with_bits(queries.search(asked["q"], asked["kind"])), request.GET.get("cursor", ""))
    inside = page_of(queries.with_bits(queries.inside(person)), request.GET.get("mine", "")) if person else None
    context = {
        "columns": shown.columns(),
        "published": [shown.row(one) for one in page.rows],
        "page": page,
        "inside": [shown.row(one) for one in inside.rows] if inside else [],
        "mine": inside,
        "person": person,
        "form": form,
        "asked": any(asked.values()),
    }
    return render(request, "registry/list.html", context)


@login_not_required
@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest version of a model."""
    found = queries.newest_of(reader(request), slug)
    return redirect("registry:detail", slug, found.number)


@login_not_required
@require_safe
def detail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version: what it is, its figures, origin, documents and files, how to verify them, how to report it.

    For those who work on it also how far it is on its way to publication.
    """
    person = reader(request)
    version = queries.version_of(person, slug, number)
    can_download = rules.can_download(person, version)
    steps = readiness.steps_of(version)
    is_inside = rules.can_see_inside(person, version)
    can_measure = rules.can_measure(person, version) and version.run.kind == Kind.TRAIN
    context = {
        **shown.page(version, can_download=can_download),
        **telling.page(version, steps, can_download=can_download, is_inside=is_inside),
        "others": queries.versions_of(person, slug).exclude(pk=version.pk)[:20],
        "can_decide": rules.can_decide(person, version),
        "way": telling.way(version, steps) if is_inside else None,
        "can_measure": can_measure and version.state != State.WITHDRAWN,
        "can_review": rules.can_review(person, version) and not readiness.is_first_person(person, version, steps),
    }
    return render(request, "registry/detail.html", context)


@login_not_required
@require_safe
def export(request: HttpRequest, slug: str, number: int) -> JsonResponse:
    """The same for programs."""
    version = queries.version_of(reader(request), slug, number)
    return JsonResponse(export_of(version, settings.FABRICA_URL), json_dumps_params={"indent": 2})


@require_safe
def of_run(request: HttpRequest, uid: str) -> HttpResponse:
    """The model that was made of a run. Runs know no models, so their pages link here."""
    found = queries.version_made_by(signed_in(request), uid)
    return redirect("registry:detail", found.model.slug, found.number)


@login_not_required
@require_safe
def download(request: HttpRequest, slug: str, number: int, path: str) -> HttpResponseBase:
    """One file of a version."""
    person = reader(request)
    version = queries.version_of(person, slug, number)
    return send(request, queries.file_of(person, version, path))


def send(request: HttpRequest, path: Path) -> HttpResponseBase:
    """A file as a download: whole, or the one range asked for, so that a broken download can go on."""
    size_bytes = path.stat().st_size
    try:
        part = range_of(request.headers.get("Range", ""), size_bytes)
    except ValueError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size_bytes}"})
    # Never shown in the browser: what a run wrote is not ours to trust.
    disposition = content_disposition_header(as_attachment=True, filename=path.name) or "attachment"
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": disposition}
    if part is None:
        headers["Content-Length"] = str(size_bytes)
        return StreamingHttpResponse(_pieces(path, range(size_bytes)), content_type=OCTETS, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size_bytes}"
    headers["Content-Length"] = str(len(part))
    return StreamingHttpResponse(_pieces(path, part), content_type=OCTETS, status=206, headers=headers)


def _pieces(path: Path, part: range) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(part.start)
        left = len(part)
        while left and (piece := source.read(min(left, PIECE_BYTES))):
            left -= len(piece)
            yield piece


@login_not_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of this site, as anybody must be able to compare them."""
    rows: list[Any] = list(queries.keys())
    return render(request, "registry/keys.html", {"keys": rows})


@login_not_required
@require_safe
def key(request: HttpRequest, digits: str) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """A public key as a file."""
    found = queries.key_of(digits)
    return _file(found.public_pem, f"site-{digits[:16]}.pub", "application/x-pem-file")


@login_not_required
@require_safe
def revoked(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """The list of revoked keys as a file."""
    return _file(revoked_json(queries.revoked_keys()), "revoked-keys.json", "application/json")


def _file(text: str, name: str, kind: str) -> HttpResponse:
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
