"""Pages of sessions: one's own, ended one by one or all; signing out at the provider too; somebody else's."""

from allauth.account.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from requests import RequestException

from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.adapters import sessions
from fabrica.people.adapters.openid.provider import Exchange
from fabrica.people.adapters.openid.views import provider_of
from fabrica.people.queries import signed_in


@require_POST
def session_end(request: HttpRequest, uid: str) -> HttpResponse:
    """End one of one's sessions; the one in hand is a sign-out."""
    if uid == sessions.begun(request).get("uid"):
        get_adapter(request).logout(request)
        return redirect("account_login")
    person, now = signed_in(request), utcnow()
    services.end_session(session=queries.session_of(person, uid, now), by=person, now=now)
    messages.success(request, _("That session is ended."))
    return redirect("people:sign_in_methods")


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions but the one in hand, also those that nobody knows of."""
    person = signed_in(request)
    kept = sessions.begun(request)
    services.end_sessions(uid=person.uid, cause="", by=person, now=utcnow(), but=kept.get("uid", ""))
    person.refresh_from_db(fields=["sessions_ended"])
    update_session_auth_hash(request, person)
    messages.success(request, _("All other sessions are ended."))
    return redirect("people:sign_in_methods")


@require_POST
def person_sessions_end(request: HttpRequest, uid: str) -> HttpResponse:
    """After an incident: end every session of a person."""
    cause = request.POST.get("cause", "")
    person = services.end_sessions(uid=uid, cause=cause, by=signed_in(request), now=utcnow())
    messages.success(request, _("All sessions of %(name)s are ended.") % {"name": person.name})
    return redirect("people:identities_told", uid)


@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """Sign out here, and lead on to where the person signs out at their provider: here first, whatever it answers."""
    kept = sessions.begun(request)
    get_adapter(request).logout(request)
    if not kept.get("provider"):
        return redirect("account_login")
    provider = provider_of(request, kept["provider"])
    try:
        address = Exchange(request, kept["provider"]).end_address
    except (RequestException, OAuth2Error, ValueError, KeyError):
        address = ""
    if not address:
        words = _(
            "You are signed out here. %(name)s does not let you sign out there from here: do so on its own pages."
        )
        messages.warning(request, words % {"name": provider.name})
        return redirect("account_login")
    back = request.build_absolute_uri(reverse("openid_connect_signed_out", args=[kept["provider"]]))
    told = {"id_token_hint": kept["id_token"], "client_id": provider.app.client_id, "post_logout_redirect_uri": back}
    query = urlencode({name: value for name, value in told.items() if value})
    leads = {"address": f"{address}{'&' if '?' in address else '?'}{query}", "name": provider.name, "is_out": True}
    return render(request, "people/leaving.html", leads)
