"""What every answer carries, and how a problem becomes a page."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from fabrica.kit.errors import Problem
from fabrica.web.problems import database_problem, problem_page

Answer = Callable[[HttpRequest], HttpResponseBase]

CONTENT_SECURITY_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
}
FIXED_HEADERS: Final = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def content_security_policy() -> str:
    """The policy as one header line.

    Browsers also check where a posted form is redirected to, so a site with an outside sign-in names
    that origin in the setting `FABRICA_CSP_FORM_ACTION`.
    """
    origins = getattr(settings, "FABRICA_CSP_FORM_ACTION", ())
    policy = {
        **CONTENT_SECURITY_POLICY,
        "form-action": " ".join((CONTENT_SECURITY_POLICY["form-action"], *origins)),
    }
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


class SecurityHeaders:
    """Sets the headers on each answer; a page that set one itself keeps its own."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        for name, value in FIXED_HEADERS.items():
            response.headers.setdefault(name, value)
        if getattr(getattr(request, "user", None), "is_authenticated", False):
            # What a person sees is theirs: no cache on the way keeps it, and the browser asks again after a sign-out.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class ProblemPages:
    """Turns a problem raised by a page into its page; under /api/ the API layer answers."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The problem's page, or None for whatever is no problem or belongs to the API."""
        if request.path_info.startswith("/api/"):
            return None
        problem = exception if isinstance(exception, Problem) else database_problem(exception)
        return problem_page(request, problem) if problem else None
