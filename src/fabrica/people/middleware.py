"""What a signed-in person must have done before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fabrica.people import rules

Handler = Callable[[HttpRequest], HttpResponse]
OPEN = ("/accounts/", "/static/", "/i18n/", "/api/")


class Gate:
    """Sends a person to the terms, and one with a privileged role to the second factor, until it is done.

    The API is not redirected: it answers 403 with the same sentence (see `config.api`).
    """

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if not person.is_authenticated or request.path.startswith(OPEN):
            return self.handler(request)
        if rules.needs_second_factor(person):
            return redirect("mfa_activate_totp")
        terms = reverse("people:terms")
        if not person.has_accepted_terms and request.path != terms:
            return redirect(f"{terms}?next={request.path}")
        return self.handler(request)
