"""A problem as a page: its title, its status, and what the person can do next."""

import logging
import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.defaults import server_error

from fabrica.kit.database import Trouble, trouble_of
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable

log = logging.getLogger(__name__)
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
    try:
        response = render(request, "web/problem.html", context, status=problem.status)
    except Error:
        # The page asks who is signed in; where the database does not say, it is shown as to a stranger.
        response = HttpResponse(render_to_string("web/problem.html", context), status=problem.status)
    return telling_when(response, problem)


def telling_when(response: HttpResponse, problem: Problem) -> HttpResponse:
    """The answer, with when to come again where that may help."""
    if isinstance(problem, Unreachable):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def database_problem(error: BaseException | None) -> Unreachable | None:
    """What a person is told when the database was too busy or is away; None for every other error."""
    trouble = trouble_of(error)
    if trouble is None:
        return None
    log.warning("the database: %s", str(error).partition("\n")[0])
    if trouble is Trouble.BUSY:
        return Unreachable(
            str(_("The database is busy: this took too long and was stopped.")),
            why=str(_("What you asked for was not done.")),
            todo=str(_("Go back, where what you entered still stands, and try again in a minute.")),
        )
    return Unreachable(
        str(_("The database does not answer.")),
        why=str(_("It may be restarting.")),
        todo=str(_("Try again in a minute. Look first whether what you sent last was kept.")),
    )


def server_error_page(request: HttpRequest) -> HttpResponse:
    """The last resort (`handler500`): an error outside a page, such as in looking up who is signed in."""
    problem = database_problem(sys.exc_info()[1])
    if problem is None:
        return server_error(request)
    if request.path_info.startswith("/api/"):
        return telling_when(JsonResponse(problem.as_dict(), status=problem.status), problem)
    return problem_page(request, problem)
