"""The addresses of a sign-in elsewhere: where it begins, and where the provider sends the browser back to."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.statekit import STATES_SESSION_KEY
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from requests import RequestException

from fabrica.kit.errors import NotFound
from fabrica.people.adapters.openid.identities import down
from fabrica.people.adapters.openid.provider import Exchange, Provider
from fabrica.people.engine import Assurance


def provider_of(request: HttpRequest, provider_id: str) -> Provider:
    """One of the site's providers. Raises NotFound."""
    if provider_id not in settings.FABRICA_OIDC_PROVIDERS:
        raise NotFound(_("There is no such provider here."))
    try:
        found: Provider = get_adapter(request).get_provider(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise NotFound(_("There is no such provider here.")) from error
    return found


@login_not_required
@never_cache
@rate_limit(action="login")  # type: ignore[untyped-decorator]  # allauth has no types
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Begin to sign in. Only a posted form does: a link from elsewhere must not start it."""
    provider = provider_of(request, provider_id)
    target = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    if request.method != "POST":
        return render(request, "people/oidc_begin.html", {"provider": provider, "next": target if safe else ""})
    return leave(request, provider, AuthProcess.LOGIN, next_url=target if safe else None)


def leave(
    request: HttpRequest, provider: Provider, process: str, *, next_url: str | None = None, data: str | None = None,
    wanted: Assurance | None = None,
) -> HttpResponse:  # fmt: skip
    """A page that leads on to the provider: our pages let no form be answered by another site.

    `wanted` is what the person is to show there, proving anew who they are. Raises Unreachable.
    """
    more: dict[str, Any] = {}
    if wanted is not None:
        more = {"again": True, "auth_params": provider.get_auth_params_again(wanted)}
    try:
        answer = provider.redirect(request, process, next_url=next_url, data=data, **more)
    except (RequestException, OAuth2Error, ValueError, KeyError) as error:
        raise down(provider.name) from error
    return render(request, "people/leaving.html", {"address": answer["Location"], "name": provider.name})


class Callback(OAuth2CallbackView):  # type: ignore[misc]  # allauth has no types
    """The provider's answer."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Look who answers before anything is believed."""
        try:
            if request.GET.get("state") in request.session.get(STATES_SESSION_KEY, {}):
                self.adapter.check_issuer(request)  # asks the provider: for nobody who began nothing here
            answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        except (RequestException, OAuth2Error, ValueError, KeyError) as error:
            told = {"exception": error, "extra_context": {"state": None}}
            answer = render_authentication_error(request, self.adapter.get_provider(), **told)
        return answer


@login_not_required
@never_cache
@rate_limit(action="login")  # type: ignore[untyped-decorator]  # allauth has no types
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Finish it."""
    provider_of(request, provider_id)
    view = Callback()
    view.request, view.adapter = request, Exchange(request, provider_id)
    try:
        return view.dispatch(request)
    except ImmediateHttpResponse as answer:
        response: HttpResponse = answer.response
        return response


@login_not_required
@never_cache
def signed_out(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where a provider sends the browser once the person signed out there."""
    provider = provider_of(request, provider_id)
    if not request.user.is_authenticated:
        messages.info(request, _("You are signed out here, and back from %(name)s.") % {"name": provider.name})
    return redirect("account_login")
