"""How people reach this site: its address, the certificate there, and whether the proxy passes on what it must."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.http.request import validate_host
from django.urls import reverse

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.time import utcnow

PATIENCE_SECONDS: Final = 8.0
RENEW_BEFORE: Final = timedelta(days=14)
HTTPS_PORT: Final = 443


def address() -> Iterator[Finding]:
    """The address of letters' links, and what the settings say of the proxy before it."""
    if settings.INSECURE_OK:
        yield well("This is a demonstration or a developer's site, on loopback and plain HTTP.")
        return
    parts = _parts()
    if parts.scheme != "https":
        yield bad(f"FABRICA_URL is {settings.FABRICA_URL}, which is not HTTPS.", "Set it to the address people use.")
    elif not validate_host(parts.hostname or "", settings.ALLOWED_HOSTS):
        yield bad(f"FABRICA_HOSTS does not name {parts.hostname}, so it is refused.", "Add it to FABRICA_HOSTS.")
    else:
        yield well(f"People reach this site at {settings.FABRICA_URL}.")
    if not settings.FABRICA_BEHIND_PROXY:
        todo = "Serve behind a proxy as deploy/nginx.conf does, and set FABRICA_BEHIND_PROXY=1."
        yield bad("No proxy is trusted, so every page leads to HTTPS for ever.", todo)


def certificate() -> Iterator[Finding]:
    """The certificate at that address: trusted, and not about to end."""
    parts = _parts()
    if settings.INSECURE_OK or parts.scheme != "https" or not parts.hostname:
        return
    try:
        yield until(_certificate_ends(parts.hostname, parts.port or HTTPS_PORT), utcnow())
    except ssl.SSLCertVerificationError as error:
        told = f"The certificate of {parts.hostname} is not trusted: {error.verify_message}."
        yield bad(told, "Renew it, and let the proxy send the whole chain.")
    except OSError as error:
        yield bad(f"{parts.hostname} cannot be reached from here: {error}", "Check its name and the proxy.")


def _certificate_ends(host: str, port: int) -> datetime:
    with (
        socket.create_connection((host, port), PATIENCE_SECONDS) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) as safe,
    ):
        told = safe.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)


def until(ends: datetime, now: datetime) -> Finding:
    """How long a certificate still holds."""
    told = f"The certificate holds until {ends:%Y-%m-%d}."
    return well(told) if ends - now > RENEW_BEFORE else bad(told, "Renew it: certbot, or your authority.")


def answers() -> Iterator[Finding]:
    """Ask for a page as a person does. A proxy that does not say `https` makes the portal lead back there."""
    parts = _parts()
    if settings.INSECURE_OK or parts.scheme != "https":
        return
    page = settings.FABRICA_URL.rstrip("/") + reverse(settings.LOGIN_URL)
    try:
        # The certificate is judged above; here only the answer counts.
        response = httpx.get(page, timeout=PATIENCE_SECONDS, verify=False)  # noqa: S501 - nothing is sent or believed
    except httpx.HTTPError as error:
        yield bad(f"The portal does not answer at {page}: {error}", "Start fabrica-web, and check the proxy.")
        return
    yield judge(page, response)


def judge(page: str, response: httpx.Response) -> Finding:
    """What the answer means."""
    if response.is_success:
        return well(f"The portal answers at {page}.")
    if response.headers.get("Location") == page:
        todo = "Let the proxy set X-Forwarded-Proto, as deploy/nginx.conf does, and set FABRICA_BEHIND_PROXY=1."
        return bad("The portal leads to itself for ever: it does not learn that it is reached over HTTPS.", todo)
    todo = (
        "Check that the proxy passes the host on (deploy/nginx.conf), that FABRICA_HOSTS names it, and the web's log."
    )
    return bad(f"The portal answers {response.status_code} at {page}.", todo)


def _parts() -> SplitResult:
    return urlsplit(settings.FABRICA_URL)
