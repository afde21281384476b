"""What allauth asks us about accounts: how they are made, and what happens when somebody signs in or out."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from fabrica.people.adapters import sessions
from fabrica.people.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Local accounts by e-mail address."""

    def save_user(self, request: HttpRequest, user: Person, form: object, commit: bool = True) -> Person:  # noqa: FBT001, FBT002 - allauth's signature
        """Addresses are kept in lower case, so that one person has one account."""
        user.email = user.email.lower()
        saved: Person = super().save_user(request, user, form, commit)
        return saved

    def post_login(
        self, request: HttpRequest, user: Person, *, signal_kwargs: dict[str, Any] | None, **kwargs: Any
    ) -> HttpResponse:
        """Every sign-in ends here, whichever way it went: from now on its session can be seen and ended."""
        sessions.begin(request, user, (signal_kwargs or {}).get("sociallogin"))
        answer: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **kwargs)
        return answer

    def logout(self, request: HttpRequest) -> None:
        """Every sign-out goes through here."""
        sessions.forget(request)
        super().logout(request)
