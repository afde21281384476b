"""The page that says how surely it is known who one is, why more is asked for, and where to show it."""

from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from fabrica.kit.time import utcnow
from fabrica.people import queries, rules
from fabrica.people.adapters.openid.views import leave, provider_of
from fabrica.people.engine.assurance import DATA
from fabrica.people.queries import signed_in
from fabrica.people.states import Role


def _purposes(request: HttpRequest) -> list[str]:
    """Those of the person's roles, and the one that the address names if this site asks for anything there."""
    named = request.POST.get("for") or request.GET.get("for", "")
    own = rules.role_purposes(signed_in(request))
    is_other = named in settings.FABRICA_ASSURANCE and not named.startswith("role.")
    return [*own, *([named] if is_other else [])]


def _words(purpose: str) -> str:
    if purpose == DATA:
        return _("to use data under terms")
    kind, _dot, name = purpose.partition(".")
    if kind == "mode":
        return _("to apply for %(mode)s") % {"mode": name.replace("-", " ")}
    return _("as %(role)s") % {"role": Role(name).label}


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_safe else ""


@never_cache
def assurance(request: HttpRequest) -> HttpResponse:
    """What is needed and for what, what was shown, what is missing, and the ways to show it."""
    person, now, purposes = signed_in(request), utcnow(), _purposes(request)
    asking = [one for one in purposes if one in settings.FABRICA_ASSURANCE]
    missing = rules.missing_assurance(person, asking, now)
    if not missing and (target := _next(request)):
        return redirect(target)
    identities = list(queries.identities_of(person))
    linked = {one.account.provider for one in identities}
    context = {
        "needs": [(_words(one), rules.assurance_words(settings.FABRICA_ASSURANCE[one])) for one in asking],
        "missing": rules.assurance_words(missing),
        "lacks": missing,
        "shown": rules.shown_assurance(person, now),
        "has_second_factor": rules.has_second_factor(person),
        "identities": [(one, one.is_current(now)) for one in identities],
        "again": [one for one in settings.FABRICA_OIDC_PROVIDERS.values() if one.slug in linked],
        "others": [one for one in settings.FABRICA_OIDC_PROVIDERS.values() if one.slug not in linked],
        "purpose": request.GET.get("for", "")[:60],
        "next": _next(request),
    }
    return render(request, "people/assurance.html", context)


@require_POST
def assurance_show(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to a provider and prove anew who one is, with what is missing here."""
    wanted = rules.needed_assurance(_purposes(request))
    provider = provider_of(request, provider_id)
    return leave(request, provider, AuthProcess.LOGIN, next_url=_next(request) or None, wanted=wanted)
