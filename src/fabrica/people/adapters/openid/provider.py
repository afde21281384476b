"""An OpenID provider as we speak to it: what allauth's own does, and the checks that it leaves out."""

import hashlib
import hmac
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from requests import RequestException

from fabrica.kit.time import utcnow
from fabrica.people.adapters.sessions import LONGEST_HINT
from fabrica.people.engine import Told, read_claims
from fabrica.people.engine.assurance import MFA, Assurance
from fabrica.people.engine.id_tokens import Unbelievable, read_id_token
from fabrica.people.engine.providers import is_safe
from fabrica.people.services import identity_key

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Untrusted(OAuth2Error):  # type: ignore[misc]  # allauth has no types
    """What the provider said may not be believed; the text can be shown."""


def nonce_of(verifier: str) -> str:
    """The nonce of a sign-in: bound to the secret that only this session holds, and telling nothing of it."""
    return hashlib.sha256(b"nonce " + verifier.encode()).hexdigest()


class Exchange(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # the same
    """One sign-in's talk with a provider."""

    verifier = ""
    _checked: dict[str, Any] | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        """How the provider describes itself; one that says it is another, or is not HTTPS, is not talked to."""
        if self._checked is None:
            told: Any = super().openid_config
            wanted = self.get_provider().app.settings["issuer"]
            if not isinstance(told, dict) or told.get("issuer") != wanted:
                raise Untrusted("It describes itself as another issuer.")
            also = [one for one in ("userinfo_endpoint",) if one in told]
            if not all(isinstance(told.get(one), str) and is_safe(told[one]) for one in [*ENDPOINTS, *also]):
                raise Untrusted("It names an address that is missing or not HTTPS.")
            self._checked = told
        return self._checked

    def check_issuer(self, request: HttpRequest) -> None:
        """Whether the answer comes from whom we asked (RFC 9207). Raises Untrusted: two providers were mixed up."""
        promised = self.openid_config.get("authorization_response_iss_parameter_supported") is True
        told = request.GET.getlist("iss")
        if (told or promised) and told != [self.openid_config["issuer"]]:
            raise Untrusted("The answer came from another issuer.")

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """The tokens for the code; without our half of the secret there is none."""
        if not pkce_code_verifier:
            raise Untrusted("This sign-in was not begun here.")
        self.verifier = pkce_code_verifier
        told: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier)
        return told

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who signed in, by a token whose signature, issuer, audience, times and nonce were checked."""
        try:
            claims = read_id_token(
                kwargs["response"].get("id_token"), self.keys(), issuer=self.openid_config["issuer"],
                client_id=app.client_id, nonce=nonce_of(self.verifier), now=utcnow(),
            )  # fmt: skip
            told = read_claims(self.provider_id, claims, self._userinfo(token, claims["sub"]))
        except Unbelievable as error:
            raise Untrusted(str(error)) from error
        made = self.get_provider().sociallogin_from_response(request, told)
        token_said = kwargs["response"]["id_token"]
        # said again when the person signs out there too; one that is too long for an address is not kept
        made.id_token = token_said if len(token_said) <= LONGEST_HINT else ""
        return made

    @property
    def end_address(self) -> str:
        """Where a person signs out there; empty where the provider has no such page."""
        told = self.openid_config.get("end_session_endpoint")
        return told if isinstance(told, str) and is_safe(told) else ""

    def keys(self) -> list[dict[str, Any]]:
        """The keys that it publishes."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            told = answer.json()
        keys = told.get("keys") if isinstance(told, dict) else None
        return [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []

    def _userinfo(self, token: SocialToken, subject: str) -> dict[str, Any]:
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        told = self._fetch_user_info(token.token)
        if not isinstance(told, dict) or not hmac.compare_digest(str(told.get("sub")).encode(), subject.encode()):
            raise Unbelievable("It spoke of two persons in one sign-in.")
        return told


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # the same
    """A provider of the site's settings."""

    oauth2_adapter_class = Exchange
    supports_token_authentication = False

    def get_pkce_params(self) -> dict[str, str]:
        """PKCE always, and the nonce with it."""
        params: dict[str, str] = generate_code_challenge()
        return {**params, "nonce": nonce_of(params["code_verifier"])}

    def get_auth_params(self) -> dict[str, str]:
        """Which assurance is asked for at each sign-in, by the site's settings."""
        asked = settings.FABRICA_OIDC_PROVIDERS[self.app.provider_id].acr_values
        return {"acr_values": " ".join(asked)} if asked else {}

    def get_auth_params_again(self, wanted: Assurance) -> dict[str, str]:
        """What is asked for when somebody must prove again who they are, and with which assurance."""
        asked = [*([MFA] if wanted.mfa else []), *settings.FABRICA_OIDC_PROVIDERS[self.app.provider_id].acr_values]
        values = {"acr_values": " ".join(dict.fromkeys(asked))} if asked else {}
        # with a greatest age the provider must also say when it was
        return {**values, "prompt": "login", "max_age": "0"}

    def extract_uid(self, told: Told) -> str:
        return identity_key(told=told)

    def extract_extra_data(self, told: Told) -> dict[str, Any]:
        """What is kept until the sign-in is done, by `IdentityAdapter.pre_social_login`, which then empties it."""
        return told.as_dict()

    def extract_common_fields(self, told: Told) -> dict[str, Any]:
        return {"email": told.email, "name": told.name}

    def extract_email_addresses(self, told: Told) -> list[EmailAddress]:
        return [EmailAddress(email=told.email, verified=told.is_email_verified, primary=True)] if told.email else []


def is_down(error: Exception | None) -> bool:
    """Whether the provider gave no answer that could be read."""
    return isinstance(error, RequestException | ValueError | KeyError)
