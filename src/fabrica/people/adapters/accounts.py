"""What allauth asks us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from fabrica.people.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Local accounts by e-mail address."""

    def save_user(self, request: HttpRequest, user: Person, form: object, commit: bool = True) -> Person:  # noqa: FBT001, FBT002 - allauth's signature
        """Addresses are kept in lower case, so that one person has one account."""
        user.email = user.email.lower()
        saved: Person = super().save_user(request, user, form, commit)
        return saved
