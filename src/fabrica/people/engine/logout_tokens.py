"""Whether a logout token may be believed (OpenID Connect Back-Channel Logout 1.0, 2.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jwt

from fabrica.people.engine.id_tokens import (
    LEEWAY_SECONDS,
    MOST_CHARACTERS,
    MOST_SUBJECT,
    OLDEST_SECONDS,
    Unbelievable,
    check_audience,
    signed_claims,
)

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
KINDS: Final = ("logout+jwt", "application/logout+jwt", "jwt")


@dataclass(frozen=True)
class Ended:
    """What a provider says has ended: a session there, or all of a person; `token` names the message itself."""

    token: str
    subject: str
    session: str


def is_for(token: str, *, issuer: str, client_id: str) -> bool:
    """Whether a token says it is for us, before anybody is asked for keys; proves nothing."""
    if not isinstance(token, str) or not 0 < len(token) <= MOST_CHARACTERS:
        return False
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        check_audience(claims, client_id)
    except (jwt.PyJWTError, Unbelievable, ValueError, TypeError):
        return False
    return bool(claims.get("iss") == issuer)


def read_logout_token(token: str, keys: list[dict[str, Any]], *, issuer: str, client_id: str, now: datetime) -> Ended:
    """What this issuer tells this client has ended, just now. Raises Unbelievable."""
    claims = signed_claims(token, keys)
    kind = jwt.get_unverified_header(token).get("typ", "jwt")
    if not isinstance(kind, str) or kind.lower() not in KINDS:
        raise Unbelievable("This is no logout token.")
    if claims.get("iss") != issuer:
        raise Unbelievable("The logout token names another issuer.")
    check_audience(claims, client_id)
    _check_times(claims, now.timestamp())
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict) or "nonce" in claims:
        raise Unbelievable("The logout token tells of no logout.")
    return _ended(claims)


def _ended(claims: dict[str, Any]) -> Ended:
    told = [claims.get(one, "") for one in ("jti", "sub", "sid")]
    if not all(isinstance(one, str) and len(one) <= MOST_SUBJECT for one in told) or not told[0] or not any(told[1:]):
        raise Unbelievable("The logout token has no name, or names nobody.")
    return Ended(*told)


def _check_times(claims: dict[str, Any], now: float) -> None:
    told: list[Any] = [claims.get("iat"), claims.get("exp", now)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in told):
        raise Unbelievable("The logout token does not say when it was made.")
    begun, ends = told
    if not now - OLDEST_SECONDS <= begun <= now + LEEWAY_SECONDS or now > ends + LEEWAY_SECONDS:
        raise Unbelievable("The logout token is too old, or from the future.")
