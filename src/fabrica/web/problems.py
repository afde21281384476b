"""A problem as a page: its title, its status, and what the person can do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable

TITLES: dict[type[Problem], str | Promise] = {
    Refused: _("This could not be done"),
    NotAllowed: _("You may not do this"),
    NotFound: _("Not found"),
    Unreachable: _("A service does not answer"),
}
RETRY_AFTER_SECONDS = 60


def title_of(problem: Problem) -> str | Promise:
    """The heading of a problem's page, by its class."""
    return next((title for kind, title in TITLES.items() if isinstance(problem, kind)), _("Something went wrong"))


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page that tells a person about `problem`, with the problem's status."""
    context = {"problem": problem, "title": title_of(problem), "status": problem.status}
    response = render(request, "web/problem.html", context, status=problem.status)
    if isinstance(problem, Unreachable):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
