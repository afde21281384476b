"""The OpenID providers that people may sign in with, read from the environment: docs/operator/sign-in.md."""

import re

from django.core.exceptions import ImproperlyConfigured

from fabrica.config import env
from fabrica.people.engine.assurance import Assurance, read_needs
from fabrica.people.engine.providers import SignInProvider, is_safe
from fabrica.people.states import Role

SLUG = re.compile(r"[a-z][a-z0-9-]{0,29}")


def providers() -> dict[str, SignInProvider]:
    """Every provider that `FABRICA_OIDC_PROVIDERS` names, by its slug."""
    found: dict[str, SignInProvider] = {}
    for slug in env.names("FABRICA_OIDC_PROVIDERS"):
        if not SLUG.fullmatch(slug) or slug in found:
            raise ImproperlyConfigured(
                f"FABRICA_OIDC_PROVIDERS: {slug} is no name for a provider, or stands there twice. "
                "Use small letters, digits and hyphens, such as myaccessid."
            )
        found[slug] = _provider(slug)
    return found


def _provider(slug: str) -> SignInProvider:
    start = f"FABRICA_OIDC_{slug.upper().replace('-', '_')}"
    told = {one: env.text(f"{start}_{one}") for one in ("ISSUER", "CLIENT_ID", "SECRET")}
    if missing := [one for one, value in told.items() if not value]:
        raise ImproperlyConfigured(f"{start}_{missing[0]} is missing (or {start}_{missing[0]}_FILE).")
    if not is_safe(told["ISSUER"]):
        raise ImproperlyConfigured(f"{start}_ISSUER={told['ISSUER']} is not an https:// address.")
    scopes = tuple(env.text(f"{start}_SCOPES", "openid profile email").split())
    if "openid" not in scopes:
        raise ImproperlyConfigured(f"{start}_SCOPES lacks openid.")
    name = env.text(f"{start}_NAME", slug)
    asked = tuple(env.text(f"{start}_ACR_VALUES").split())
    return SignInProvider(slug, name, told["ISSUER"], told["CLIENT_ID"], told["SECRET"], scopes, asked)


def assurance() -> dict[str, Assurance]:
    """What roles, data and access modes ask for."""
    try:
        return read_needs(env.names("FABRICA_ASSURANCE"), Role.values)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"FABRICA_ASSURANCE: {error} is not understood, or its purpose stands there twice. "
            "Write it as role.officer=mfa+medium, data=low, mode.large-scale=medium, separated by commas."
        ) from error
