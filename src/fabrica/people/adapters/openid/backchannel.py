"""Where a provider tells us, server to server, that somebody signed out there (OpenID Connect Back-Channel Logout)."""

import logging
from functools import partial
from typing import Any, Final

from allauth.decorators import rate_limit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from requests import RequestException

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.ids import digest
from fabrica.kit.time import utcnow
from fabrica.people import services
from fabrica.people.adapters.openid.provider import Exchange
from fabrica.people.adapters.sessions import provider_session_key
from fabrica.people.engine import Told
from fabrica.people.engine.id_tokens import Unbelievable
from fabrica.people.engine.logout_tokens import is_for, read_logout_token
from fabrica.people.engine.providers import SignInProvider

log = logging.getLogger(__name__)
KEYS_SECONDS: Final = 300
# keys that do not fit, or did not come, are asked for anew, but not for everybody who sends us something
RETRY_SECONDS: Final = 30
UNREADABLE: Final = (OAuth2Error, RequestException, ValueError, KeyError)


@csrf_exempt  # no browser comes here, and no cookie counts: only what the provider signed
@require_POST
@login_not_required
@never_cache
@rate_limit(action="provider")  # type: ignore[untyped-decorator]  # allauth has no types
def backchannel_logout(request: HttpRequest, provider_id: str) -> HttpResponse:
    """End the sessions that a provider says have ended; 400 for whatever cannot be believed."""
    provider = settings.FABRICA_OIDC_PROVIDERS.get(provider_id)
    if provider is None:
        raise NotFound("There is no such provider here.")
    token = request.POST.get("logout_token", "")
    try:
        _hear(request, provider, token)
    except (Unbelievable, Refused, *UNREADABLE) as error:
        log.warning("logout told by %s was not believed: %s", provider.slug, type(error).__name__)
        why = str(error) if isinstance(error, Unbelievable | Refused) else "Its keys could not be read."
        return JsonResponse({"error": "invalid_request", "error_description": why}, status=400)
    return HttpResponse(status=200)


def _hear(request: HttpRequest, provider: SignInProvider, token: str) -> None:
    if not is_for(token, issuer=provider.issuer, client_id=provider.client_id):
        raise Unbelievable("There is no logout token, or it is not for this site.")
    now = utcnow()
    read = partial(read_logout_token, token, issuer=provider.issuer, client_id=provider.client_id, now=now)
    try:
        ended = read(keys=_keys(request, provider))
    except Unbelievable:
        if not cache.add(f"people:logout-keys-again:{provider.slug}", 1, RETRY_SECONDS):
            raise
        ended = read(keys=_keys(request, provider, anew=True))
    who = Told(provider=provider.slug, issuer=provider.issuer, subject=ended.subject)
    services.hear_logout(
        key=digest(f"{provider.issuer} {ended.token}"), now=now, provider=provider.slug,
        identity_key=services.identity_key(told=who) if ended.subject else "",
        provider_session=provider_session_key(provider.issuer, ended.session),
    )  # fmt: skip


def _keys(request: HttpRequest, provider: SignInProvider, *, anew: bool = False) -> list[dict[str, Any]]:
    name = f"people:logout-keys:{digest(provider.issuer)}"
    found: list[dict[str, Any]] | None = None if anew else cache.get(name)
    if found is None:
        failed = f"{name}:failed"
        if cache.get(failed):
            raise Refused("Its keys could not be read.")
        try:
            found = Exchange(request, provider.slug).keys()
        except UNREADABLE:
            cache.set(failed, 1, RETRY_SECONDS)
            raise
        cache.set(name, found, KEYS_SECONDS)
    return found
