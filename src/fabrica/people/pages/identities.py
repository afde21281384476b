"""Pages of sign-in methods: which there are, linking another, unlinking, and what providers told."""

import time
from typing import Final, cast

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.views import password_set as allauth_password_set
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.adapters import sessions
from fabrica.people.adapters.openid import waiting
from fabrica.people.adapters.openid.views import leave, provider_of
from fabrica.people.queries import signed_in
from fabrica.people.states import Cause, Role

FRESH_SECONDS: Final = 300
MOST_SHOWN: Final = 50


def must_be_fresh(request: HttpRequest) -> None:
    """Go on only where the person signed in, or proved who they are, minutes ago: a window left open is not enough.

    Raises ReauthenticationRequired, which leads to the password or the second factor; Refused where there is neither.
    """
    proofs = get_authentication_records(request, request.user)
    if proofs and time.time() - proofs[-1]["at"] < FRESH_SECONDS:
        return
    if get_adapter().get_reauthentication_methods(request.user):
        raise ReauthenticationRequired
    raise Refused(_("You signed in too long ago for this."), todo=_("Sign out, sign in again, and come back here."))


@never_cache
def password_set(request: HttpRequest) -> HttpResponse:
    """A first password for who signs in elsewhere: not from a window that was left open."""
    must_be_fresh(request)
    return cast("HttpResponse", allauth_password_set(request))


@never_cache
def sign_in_methods(request: HttpRequest) -> HttpResponse:
    """How one signs in: password, second factor, identities; what was told with each, and until when it counts."""
    person, now = signed_in(request), utcnow()
    context = {
        "identities": [(one, one.is_current(now)) for one in queries.identities_of(person)],
        "providers": settings.FABRICA_OIDC_PROVIDERS.values(),
        "sessions": list(queries.sessions_of(person, now)[:MOST_SHOWN]),
        "this": sessions.begun(request).get("uid", ""),
        "waiting": waiting.waiting(request, person, now),
    }
    return render(request, "people/sign_in_methods.html", context)


@require_POST
def identity_link(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to a provider in order to link the identity there."""
    must_be_fresh(request)
    provider = provider_of(request, provider_id)
    return leave(request, provider, AuthProcess.CONNECT, data=signed_in(request).uid)


@never_cache
def identity_confirm(request: HttpRequest) -> HttpResponse:
    """Link the identity that asked for an account with this person's address, or not."""
    person, now = signed_in(request), utcnow()
    told = waiting.waiting(request, person, now)
    if told is None:
        waiting.forget(request)
        messages.info(request, _("There is no identity that waits for you to link it."))
        return redirect("people:sign_in_methods")
    provider = provider_of(request, told.provider)
    if request.method != "POST":
        return render(request, "people/identity_confirm.html", {"told": told, "name": provider.name})
    must_be_fresh(request)
    waiting.forget(request)
    if request.POST.get("answer") == "yes":
        services.link_identity(told=told, by=person, now=now)
        messages.success(request, _("You can now sign in with %(name)s.") % {"name": provider.name})
    return redirect("people:sign_in_methods")


@never_cache
def identity_unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, then let this identity in no more."""
    person = signed_in(request)
    identity = queries.identity_of(person, pk)
    if request.method != "POST":
        return render(request, "people/identity_unlink.html", {"identity": identity})
    must_be_fresh(request)
    is_this = queries.was_begun_with(sessions.begun(request).get("uid", ""), identity)
    services.unlink_identity(identity=identity, by=person, now=utcnow())
    if is_this:
        get_adapter(request).logout(request)
    messages.success(request, _("%(name)s no longer lets you in.") % {"name": identity.provider_name})
    return redirect("account_login" if is_this else "people:sign_in_methods")


@require_POST
def identity_unlink_of(request: HttpRequest, uid: str, pk: int) -> HttpResponse:
    """Take an identity from somebody, for support."""
    by, cause = signed_in(request), request.POST.get("cause", "")
    identity = queries.identity_told_of(by, uid, pk)
    services.unlink_identity_of(identity=identity, cause=cause, by=by, now=utcnow())
    messages.success(request, _("%(name)s no longer lets them in.") % {"name": identity.provider_name})
    return redirect("people:identities_told", uid)


@never_cache
def identities_told(request: HttpRequest, uid: str) -> HttpResponse:
    """What providers told of a person, for officers and operators."""
    by, now = signed_in(request), utcnow()
    person = queries.person_told_of(by, uid)
    context = {
        "person": person,
        "identities": [(one, one.is_current(now)) for one in queries.identities_of(person)],
        "causes": Cause.choices,
        "sessions": queries.sessions_of(person, now).count(),
        "may_end": person.pk != by.pk and not person.is_erased,
        "may_unlink": person.pk != by.pk and rules.has_role(by, Role.OPERATOR),
    }
    return render(request, "people/identities_told.html", context)
