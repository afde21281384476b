"""Sign-in at other places: whether each provider describes itself as the site's settings name it."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
from django.conf import settings

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.people.engine.providers import SignInProvider, is_safe

PATIENCE_SECONDS: Final = 5.0
MOST_BYTES: Final = 1_000_000
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def providers() -> Iterator[Finding]:
    """Ask each for its description, as a sign-in does first."""
    for one in settings.FABRICA_OIDC_PROVIDERS.values():
        yield discover(one)


def discover(provider: SignInProvider) -> Finding:
    """What one provider says of itself."""
    try:
        told = _ask(provider.discovery)
    except (httpx.HTTPError, ValueError) as error:
        return bad(
            f"{provider.name} does not describe itself at {provider.discovery}: {error}",
            "Check its ISSUER, and that this machine may reach it. Until then nobody signs in there.",
        )
    if told.get("issuer") != provider.issuer:
        return bad(
            f"{provider.name} says that it is {told.get('issuer')}, not {provider.issuer}.",
            "Set its ISSUER to exactly what it says, slash by slash, if that is whom you trust.",
        )
    if wrong := [one for one in NEEDED if not is_safe(str(told.get(one)))]:
        return bad(f"{provider.name} names no HTTPS address for {wrong[0]}.", "Tell the people who run it.")
    return well(f"{provider.name} answers at {provider.issuer}.")


def _ask(address: str) -> dict[str, Any]:
    with httpx.stream("GET", address, timeout=PATIENCE_SECONDS, follow_redirects=False) as answer:
        answer.raise_for_status()
        text = b""
        for part in answer.iter_bytes():
            text += part
            if len(text) > MOST_BYTES:
                raise ValueError("its answer is too long")
    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("its answer is no description")  # noqa: TRY004 - told like every other answer that cannot be read
    return told
