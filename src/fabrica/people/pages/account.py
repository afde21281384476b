"""Pages of one's own account: terms, organisations, tokens, SSH keys."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from fabrica.kit.errors import NotFound, Problem
from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.forms import SshKeyForm, TermsForm, TokenForm
from fabrica.people.queries import signed_in
from fabrica.people.states import TERMS_VERSION, Language

MADE = "token_made"  # the session key of a token that is to be shown once


@login_not_required
@never_cache
def language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages; who is signed in is written to in it from now on."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in Language.values:
        services.set_language(language=chosen, by=signed_in(request), now=utcnow())
    return set_language(request)


def terms(request: HttpRequest) -> HttpResponse:
    """Read and accept the terms."""
    form = TermsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.accept_terms(by=signed_in(request), now=utcnow())
        target = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return redirect(target if safe else "home")
    context = {"form": form, "version": TERMS_VERSION, "next": request.GET.get("next", "")}
    return render(request, "people/terms.html", context)


def account(request: HttpRequest) -> HttpResponse:
    """One's own account: name, organisations, tokens, password and second factor."""
    person = signed_in(request)
    context = {"organisations": queries.organisations_of(person), "tokens": queries.tokens_of(person)}
    return render(request, "people/account.html", context)


@never_cache
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown once, on the page this leads to."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = services.create_token(**form.cleaned_data, by=signed_in(request), now=utcnow())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            request.session[MADE] = [token.pk, secret]
            return redirect("people:token_made")
    return render(request, "people/token_new.html", {"form": form})


@never_cache
def token_made(request: HttpRequest) -> HttpResponse:
    """The secret of the token just made, this once: it leaves the session as it is shown."""
    pk, secret = request.session.pop(MADE, (None, ""))
    token = queries.tokens_of(signed_in(request)).filter(pk=pk).first()
    if token is None:
        return redirect("people:account")
    context = {"token": token, "secret": secret, "url": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "people/token_made.html", context)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token."""
    token = queries.tokens_of(signed_in(request)).filter(pk=pk).first()
    if token is None:
        raise NotFound(_("There is no such token among yours."))
    services.revoke_token(token=token, by=signed_in(request), now=utcnow())
    messages.success(request, _("The token %(name)s no longer works.") % {"name": token.name})
    return redirect("people:account")


def ssh_keys(request: HttpRequest) -> HttpResponse:
    """One's SSH keys, and a form for another."""
    person = signed_in(request)
    form = SshKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_ssh_key(**form.cleaned_data, by=person, now=utcnow())
        except Problem as problem:
            form.add_error("text", str(problem))
        else:
            messages.success(request, _("The SSH key %(name)s is added.") % {"name": made.name})
            return redirect("people:ssh_keys")
    keys = list(queries.ssh_keys_of(person))
    context = {"keys": keys, "form": form if len(keys) < services.MAX_SSH_KEYS else None, "most": services.MAX_SSH_KEYS}
    return render(request, "people/ssh_keys.html", context)


@require_POST
def ssh_key_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an SSH key away."""
    person = signed_in(request)
    key = queries.ssh_key_of(person, pk)
    services.remove_ssh_key(key=key, by=person, now=utcnow())
    messages.success(request, _("The SSH key %(name)s opens no machine any more.") % {"name": key.name})
    return redirect("people:ssh_keys")
