"""Whether an ID token may be believed (OpenID Connect Core 3.1.3.7): signature, issuer, audience, times, nonce."""

import hmac
from datetime import datetime
from typing import Any, Final

import jwt

# Signatures with a public key alone: a secret that both sides know proves nothing about who signed.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "RS384", "RS512", "EdDSA")
MOST_CHARACTERS: Final = 32_000
MOST_SUBJECT: Final = 255
LEEWAY_SECONDS: Final = 60
OLDEST_SECONDS: Final = 600
OURS_TO_JUDGE: Final = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False)


class Unbelievable(Exception):
    """The token may not be believed; the text is a sentence that quotes nothing of it."""


def read_id_token(
    token: str, keys: list[dict[str, Any]], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """The claims of a token that this issuer signed for this client, just now, for this sign-in.

    Raises Unbelievable.
    """
    if not isinstance(token, str) or len(token) > MOST_CHARACTERS:
        raise Unbelievable("There is no ID token, or it is too long.")
    claims = signed_claims(token, keys)
    if claims.get("iss") != issuer:
        raise Unbelievable("The ID token names another issuer.")
    check_audience(claims, client_id)
    _check_times(claims, now.timestamp())
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Unbelievable("The ID token was not made for this sign-in.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_SUBJECT:
        raise Unbelievable("The ID token names nobody.")
    return claims


def signed_claims(token: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of these public keys signed; nothing else is checked. Raises Unbelievable."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Unbelievable("The ID token is not signed with a public key.")
        key = jwt.PyJWK(_key(keys, header.get("kid"), algorithm), algorithm=algorithm)
        options: Any = {"verify_signature": True, "verify_sub": False, "verify_jti": False, **OURS_TO_JUDGE}
        claims: dict[str, Any] = jwt.decode(token, key=key.key, algorithms=[algorithm], options=options)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unbelievable("The signature of the ID token does not hold.") from error
    return claims


def _key(keys: list[dict[str, Any]], kid: object, algorithm: str) -> dict[str, Any]:
    fitting = [
        one
        for one in keys
        if one.get("kty") != "oct"
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (kid is None or one.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise Unbelievable("The ID token is signed with a key that the provider does not publish.")
    return fitting[0]


def check_audience(claims: dict[str, Any], client_id: str) -> None:
    """Raises Unbelievable where a token is for another client."""
    told = claims.get("aud")
    audience = told if isinstance(told, list) else [told]
    party = claims.get("azp")
    if client_id not in audience or (party or client_id) != client_id or (len(audience) > 1 and party is None):
        raise Unbelievable("The ID token is for another site.")


def _check_times(claims: dict[str, Any], now: float) -> None:
    told: list[Any] = [claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in told):
        raise Unbelievable("The ID token does not say how long it holds.")
    ends, begun, not_before = told
    if now > ends + LEEWAY_SECONDS or now - begun > OLDEST_SECONDS:
        raise Unbelievable("The ID token has expired.")
    if begun > now + LEEWAY_SECONDS or not_before > now + LEEWAY_SECONDS:
        raise Unbelievable("The ID token is from the future: a clock is wrong.")
