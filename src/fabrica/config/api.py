"""The API's mounting: who may call, how problems are told, which routers there are."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from fabrica import __version__
from fabrica.kit.errors import NotAllowed, Problem
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.models import Person
from fabrica.people.states import Scope
from fabrica.web.problems import database_problem, telling_when

# In the order of the way; each owns its addresses.
CONTEXTS = [
    "people", "calls", "trust", "applications", "reviews", "allocations", "projects", "clusters", "dataspaces",
    "training", "registry", "notices", "portal",
]  # fmt: skip

# What one may call before accepting the terms: to see who one is, and to accept them.
BEFORE_TERMS = ("/api/me", "/api/me/terms")


def _enter(request: HttpRequest, person: Person, scopes: list[str]) -> Person:
    """Let a known person in, unless they still owe the terms or a second factor."""
    request.user = person
    request.scopes = frozenset(scopes)  # type: ignore[attr-defined]
    if rules.needs_second_factor(person):
        raise NotAllowed("Set up your second factor first.", todo="Sign in on the portal; it will lead you there.")
    rules.must_be_assured(person, *rules.role_purposes(person), now=utcnow())
    if not person.has_accepted_terms and request.path not in BEFORE_TERMS:
        raise NotAllowed("Accept the terms of use first.", todo="POST /api/me/terms, or sign in on the portal.")
    return person


class TokenAuth(HttpBearer):
    """A personal token in the Authorization header."""

    def authenticate(self, request: HttpRequest, token: str) -> Person | None:
        now = utcnow()
        found = queries.usable_token(token, now)
        if found is None:
            return None
        services.touch_token(token=found, now=now)
        return _enter(request, found.person, found.scopes)


class SessionAuth(APIKeyCookie):
    """A browser that signed in; CSRF is checked."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        if not request.user.is_authenticated or key is None:
            return None
        return _enter(request, queries.signed_in(request), Scope.values)


api = NinjaAPI(
    title="Fabrica",
    version=__version__,
    description="Everything a page can do. Sign in with a personal token (`Authorization: Bearer fab_...`).",
    auth=[TokenAuth(), SessionAuth()],
    urls_namespace="api",
)


@api.exception_handler(Problem)
def tell_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem as JSON: what, why, todo."""
    return telling_when(api.create_response(request, problem.as_dict(), status=problem.status), problem)


@api.exception_handler(Error)
def tell_database(request: HttpRequest, error: Error) -> HttpResponse:
    """A database that is busy or away, as a problem; every other error of a database is a mistake of ours."""
    problem = database_problem(error)
    if problem is None:
        raise error
    return tell_problem(request, problem)


@api.exception_handler(AuthenticationError)
def tell_unknown(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    """Nobody is signed in."""
    told = {"what": "You are not signed in.", "why": "", "todo": "Send a valid token: run `fabrica login`."}
    return api.create_response(request, told, status=401)


@api.exception_handler(ValidationError)
def tell_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A malformed body: each field's path and what is wrong with it."""
    fields = [{"path": _path(one["loc"]), "message": one["msg"]} for one in error.errors]
    told = {
        "what": "The request is not valid.",
        "why": "; ".join(f"{one['path']}: {one['message']}" for one in fields),
        "todo": "Mend the fields named and send it again; /api/docs shows the form.",
        "fields": fields,
    }
    return api.create_response(request, told, status=422)


def _path(location: tuple[Any, ...]) -> str:
    """`("body", "payload", "scopes", 0)` as `body.scopes.0`: the parameter's name means nothing to the caller."""
    return ".".join(str(part) for part in location if part != "payload")


for context in CONTEXTS:
    if find_spec(f"fabrica.{context}") and find_spec(f"fabrica.{context}.api"):
        api.add_router("", import_module(f"fabrica.{context}.api").router)
