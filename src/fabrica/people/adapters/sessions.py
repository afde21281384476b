"""What a browser's session holds of how it was begun, and how it follows the row that can end it."""

from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest

from fabrica.kit.ids import digest
from fabrica.kit.time import utcnow
from fabrica.people import services
from fabrica.people.engine.devices import device_of
from fabrica.people.models import Person

KEY: Final = "begun"
# a longer one would make an address that web servers refuse
LONGEST_HINT: Final = 4_000


def provider_session_key(issuer: str, session: str) -> str:
    """What a provider's session is found by; nothing where it was not named."""
    return digest(f"{issuer} {session}") if session else ""


def begin(request: HttpRequest, person: Person, login: SocialLogin | None) -> None:
    """Note that a person signed in with this browser, and at which provider."""
    told: dict[str, Any] = login.state.get(KEY, {}) if login else {}
    account = login.account if login else None
    if not request.session.session_key:
        request.session.save()
    key = str(request.session.session_key)
    made = services.begin_session(
        person=person, session_key=key, now=utcnow(),
        account=account, provider=account.provider if account else "",
        provider_session=provider_session_key(told.get("issuer", ""), told.get("session", "")),
        has_second_factor=any(one["method"] == "mfa" for one in get_authentication_records(request, person)),
        device=device_of(request.headers.get("User-Agent", "")),
    )  # fmt: skip
    kept = {name: told.get(name, "") for name in ("acr", "id_token")}
    provider = account.provider if account else ""
    request.session[KEY] = {"uid": made.uid, "key": key, "provider": provider, **kept}


def begun(request: HttpRequest) -> dict[str, str]:
    """How this session was begun; nothing for one that was not begun here."""
    found: dict[str, str] = request.session.get(KEY, {})
    return found


def follow(request: HttpRequest) -> None:
    """Let the row follow a session that got another name; one that was ended meanwhile ends here too."""
    session, kept = request.session, begun(request)
    if not kept or not session.session_key or kept["key"] == session.session_key:
        return
    if services.rename_session(uid=kept["uid"], session_key=session.session_key):
        session[KEY] = {**kept, "key": session.session_key}
    else:
        session.flush()


def forget(request: HttpRequest) -> None:
    """The browser signs out."""
    if kept := begun(request):
        services.forget_session(uid=kept["uid"])
