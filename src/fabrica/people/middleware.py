"""What a signed-in person must have done before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from fabrica.kit.time import utcnow
from fabrica.people import rules
from fabrica.people.adapters import sessions

Handler = Callable[[HttpRequest], HttpResponse]
OPEN = ("/accounts/", "/static/", "/i18n/", "/api/")


# Pages on which somebody shows more of who they are, or leaves.
SHOWING = ("/account/assurance/", "/account/sign-in-methods/", "/account/sign-out/", "/terms/")


class Followed:
    """Sessions that can be seen and ended: each is followed to the name it has after this answer."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            # what was told at this sign-in, for `rules.shown_assurance`
            request.user.session_acr = sessions.begun(request).get("acr", "")  # type: ignore[attr-defined]
        response = self.handler(request)
        if request.user.is_authenticated:
            sessions.follow(request)
        return response


class Gate:
    """Sends a person to the terms, and one with a role to the second factor or assurance it needs, until it is done.

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
        purposes = rules.role_purposes(person)
        if purposes and not request.path.startswith(SHOWING) and rules.missing_assurance(person, purposes, utcnow()):
            return redirect(f"{reverse('people:assurance')}?{urlencode({'next': request.get_full_path()})}")
        return self.handler(request)
