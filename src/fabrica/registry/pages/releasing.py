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
from fabrica.people.queries import signed_in
from fabrica.registry import queries, services

Act = Callable[..., object]


def _do(request: HttpRequest, slug: str, number: int, act: Act, done: str | Promise, **words: str) -> HttpResponse:
    """Let the person do it to the version, with the words that they wrote, and say on its page what came of it."""
    person = signed_in(request)
    version = queries.version_of(person, slug, number)
    try:
        act(version=version, by=person, now=utcnow(), **words)
    except Problem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, str(done))
    return redirect("registry:detail", slug, number)


@require_POST
def document(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say that its documents are complete."""
    done = _("Its documents count as complete. Next is its evaluation.")
    return _do(request, slug, number, services.document, done)


@require_POST
def evaluate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Stand by its evaluation, and ask for the review."""
    words = request.POST.get("justification", "")
    done = _("A second person is asked to review it.")
    return _do(request, slug, number, services.evaluate, done, justification=words)


@require_POST
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Agree to it as a second person, or send it back."""
    if request.POST.get("verdict") == "back":
        return send_back(request, slug, number)
    done = _("Reviewed. Its principal investigator can publish it now.")
    return _do(request, slug, number, services.review, done, note=request.POST.get("note", ""))


@require_POST
def send_back(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make it a draft again, with a reason."""
    words = request.POST.get("note", "")
    return _do(request, slug, number, services.send_back, _("It is a draft again."), reason=words)


@require_POST
def publish(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Publish a version, or a new release of one."""
    return _do(request, slug, number, services.publish, _("Published. Everybody can see and download it now."))


@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Withdraw a version, with a reason and a tick that says it is meant."""
    if not request.POST.get("is_meant"):
        messages.error(request, str(_("Nothing was withdrawn. Tick that you mean it: there is no way back.")))
        return redirect("registry:detail", slug, number)
    done = _("Withdrawn. Its files are no longer given out.")
    return _do(request, slug, number, services.withdraw, done, reason=request.POST.get("reason", ""))
