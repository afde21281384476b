"""The moves of a version, a button each on its page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from fabrica.kit.errors import Problem
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.registry import queries, services
from fabrica.registry.models import ModelVersion

Act = Callable[[ModelVersion, Person], object]


def _do(request: HttpRequest, slug: str, number: int, act: Act, done: str | Promise) -> HttpResponse:
    person = signed_in(request)
    version = queries.version_of(person, slug, number)
    try:
        act(version, person)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, str(done))
    return redirect("registry:detail", slug, number)


@require_POST
def document(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say that its documents are complete."""

    def act(version: ModelVersion, person: Person) -> object:
        return services.document(version=version, by=person, now=utcnow())

    return _do(request, slug, number, act, _("Its documents count as complete. Next is its evaluation."))


@require_POST
def evaluate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Stand by its evaluation, and ask for the review."""
    words = request.POST.get("justification", "")

    def act(version: ModelVersion, person: Person) -> object:
        return services.evaluate(version=version, justification=words, by=person, now=utcnow())

    return _do(request, slug, number, act, _("A second person is asked to review it."))


@require_POST
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Agree to it as a second person, or send it back."""
    words = request.POST.get("note", "")
    if request.POST.get("verdict") == "back":
        return send_back(request, slug, number)

    def act(version: ModelVersion, person: Person) -> object:
        return services.review(version=version, note=words, by=person, now=utcnow())

    return _do(request, slug, number, act, _("Reviewed. Its principal investigator can publish it now."))


@require_POST
def send_back(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make it a draft again, with a reason."""
    words = request.POST.get("note", "")

    def act(version: ModelVersion, person: Person) -> object:
        return services.send_back(version=version, reason=words, by=person, now=utcnow())

    return _do(request, slug, number, act, _("It is a draft again."))


@require_POST
def publish(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Publish a version, or a new release of one."""

    def act(version: ModelVersion, person: Person) -> object:
        return services.publish(version=version, by=person, now=utcnow())

    return _do(request, slug, number, act, _("Published. Everybody can see and download it now."))


@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Withdraw a version, with a reason and a tick that says it is meant."""
    reason = request.POST.get("reason", "")
    if not request.POST.get("is_meant"):
        messages.error(request, str(_("Nothing was withdrawn. Tick that you mean it: there is no way back.")))
        return redirect("registry:detail", slug, number)

    def act(version: ModelVersion, person: Person) -> object:
        return services.withdraw(version=version, reason=reason, by=person, now=utcnow())

    return _do(request, slug, number, act, _("Withdrawn. Its files are no longer given out."))
