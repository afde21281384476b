"""What allauth asks us when somebody signs in with an identity from elsewhere.

The rules: only an address that the provider vouches for makes an account; an address that has an account here signs
nobody in until its person signed in as before and said yes; a link is made only for who asked for it, in that session.
"""

import logging
from typing import Any, Final, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Problem, Refused, Unreachable
from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.adapters import sessions
from fabrica.people.adapters.openid.bounded import BoundedSession
from fabrica.people.adapters.openid.provider import Provider, Untrusted, is_down
from fabrica.people.adapters.openid.waiting import remember
from fabrica.people.engine import Told
from fabrica.people.models import Person
from fabrica.people.states import Language
from fabrica.web.problems import problem_page

log = logging.getLogger(__name__)
FRESH_SECONDS: Final = 300


class IdentityAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in at other places."""

    def get_requests_session(self) -> BoundedSession:
        return BoundedSession()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Decide what this sign-in is: a link, a known identity, a known address, or somebody new."""
        told = Told.from_dict(sociallogin.account.extra_data)
        _forget(sociallogin)
        _must_be_fresh(sociallogin, told)
        # allauth carries the state on, also past a second factor that is asked for here
        sociallogin.state[sessions.KEY] = {
            "issuer": told.issuer, "acr": told.acr, "session": told.session, "id_token": sociallogin.id_token,
        }  # fmt: skip
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            self._link(request, sociallogin, told)
        if sociallogin.is_existing:
            services.note_identity(account=sociallogin.account, told=told, now=utcnow())
            return
        if not told.email or not told.is_email_verified:
            raise _unverified(sociallogin.provider.name)
        if (person := queries.owner_of(told.email)) is not None:
            self._ask_to_prove(request, sociallogin, told, person)
        services.drop_unconfirmed(email=told.email)
        sociallogin.told = told

    def _link(self, request: HttpRequest, sociallogin: SocialLogin, told: Told) -> NoReturn:
        person = request.user
        if not isinstance(person, Person) or person.uid != sociallogin.state.get("data"):
            raise NotAllowed(
                _("You are not signed in as who asked for this link."), todo=_("Sign in, and link it again.")
            )
        made = services.link_identity(told=told, by=person, now=utcnow())
        messages.success(request, _("You can now sign in with %(name)s.") % {"name": made.provider_name})
        raise ImmediateHttpResponse(redirect("people:sign_in_methods"))

    def _ask_to_prove(self, request: HttpRequest, sociallogin: SocialLogin, told: Told, person: Person) -> NoReturn:
        remember(request, told, person, utcnow())
        words = _(
            "There is an account with the address %(email)s. Sign in as you did until now; then you can link %(name)s."
        )
        messages.info(request, words % {"email": told.email, "name": sociallogin.provider.name})
        confirm = reverse("people:identity_confirm")
        there = (
            confirm if request.user.is_authenticated else f"{reverse('account_login')}?{urlencode({'next': confirm})}"
        )
        raise ImmediateHttpResponse(redirect(there))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Person:  # noqa: ARG002 - allauth's signature
        """The new person, as the provider names them; who has no name there is called by their address."""
        person: Person = sociallogin.user
        person.email = (data.get("email") or "").lower()
        person.name = data.get("name") or person.email.partition("@")[0][:120]
        language = get_language()
        person.language = language if language in Language.values else Language.EN
        return person

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: object = None) -> Person:  # noqa: ARG002 - allauth's signature
        """Make the person with their identity, whole or not at all."""
        now = utcnow()
        try:
            with transaction.atomic():
                person: Person = super().save_user(request, sociallogin)
                record(verb="person.register", by=person, subject=f"person:{person.uid}", now=now)
                services.keep_identity(account=sociallogin.account, told=sociallogin.told, now=now)
        except IntegrityError as error:
            raise Refused(
                _("This account was made a moment ago, in another window."), todo=_("Sign in again.")
            ) from error
        return person

    def on_authentication_error(
        self, request: HttpRequest, provider: Provider, error: str | None = None, exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:  # fmt: skip
        """Tell it in words; the reason goes to the log without anything the provider sent."""
        ours = exception if isinstance(exception, ValueError | KeyError) else None  # may be our mistake: with its place
        log.warning("sign-in at %s: %s %s", provider.sub_id, error, type(exception).__name__, exc_info=ours)
        problem = problem_of(provider.name, request.GET.get("error", ""), error, exception, extra_context or {})
        raise ImmediateHttpResponse(problem_page(request, problem))


def problem_of(
    name: str, code: str, error: str | None, exception: Exception | None, context: dict[str, Any]
) -> Problem:
    """What a person is told about a sign-in that went wrong."""
    again = _("Try again, or sign in another way.")
    if "state" not in context:
        return Refused(
            _("This sign-in cannot be finished."),
            why=_("It was not begun in this browser, was finished already, or took more than ten minutes."), todo=again,
        )  # fmt: skip
    if error == AuthError.CANCELLED:
        return Refused(_("The sign-in at %(name)s was stopped there.") % {"name": name}, todo=again)
    if is_down(exception) or code in ("server_error", "temporarily_unavailable"):
        return down(name)
    why = str(exception) if isinstance(exception, Untrusted) else ""
    return Refused(_("%(name)s did not confirm who you are.") % {"name": name}, why=why, todo=again)


def down(name: str) -> Unreachable:
    """What is told when a provider gives no answer."""
    return Unreachable(
        _("%(name)s does not answer as it should.") % {"name": name},
        todo=_("Try again in a minute, or sign in another way."),
    )


def _unverified(name: str) -> Refused:
    return Refused(
        _("%(name)s does not vouch for your e-mail address.") % {"name": name},
        why=_("Only a confirmed address makes an account here: else anybody could claim yours."),
        todo=_("Confirm it there. Or sign up here with address and password, then link your identity."),
    )


def _must_be_fresh(sociallogin: SocialLogin, told: Told) -> None:
    """Who was sent to prove again who they are did so there, minutes ago. Raises Refused: an open window did not."""
    if sociallogin.state.get("again") and utcnow().timestamp() - told.proved_at > FRESH_SECONDS:
        raise Refused(
            _("%(name)s did not say that you proved there, just now, who you are.")
            % {"name": sociallogin.provider.name},
            todo=_("Try again, and enter there what it asks for."),
        )  # fmt: skip


def _forget(sociallogin: SocialLogin) -> None:
    """Allauth keeps whatever a provider says; we keep what `Identity` has a field for."""
    sociallogin.account.extra_data = {}
    if sociallogin.account.pk:
        sociallogin.account.save(update_fields=["extra_data"])
