"""Pages of joining: what an administrator or officer offers, and what a person may take."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from fabrica.kit.errors import NotFound, Problem
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.adapters.letters import send_invitation
from fabrica.people.adapters.name_servers import txt_records
from fabrica.people.models import Domain, Invitation, Organisation, Person
from fabrica.people.queries import signed_in
from fabrica.people.states import Role

MOST_SHOWN = 100
# What a form of the page asks for: organisation, what was sent, by whom; returns what to say.
Action = Callable[[Organisation, dict[str, str], Person], str]


@never_cache
def joining(request: HttpRequest) -> HttpResponse:
    """What this person may join, by invitation or by their address."""
    person, now = signed_in(request), utcnow()
    invitations, domains = queries.invitations_for(person, now), queries.open_domains_for(person, now)
    if request.method == "POST":
        if invitation := invitations.filter(pk=_number(request.POST.get("invitation"))).first():
            member = services.join_by_invitation(invitation=invitation, by=person, now=now)
        elif domain := domains.filter(pk=_number(request.POST.get("domain"))).first():
            member = services.join_by_domain(domain=domain, by=person, now=now)
        else:
            raise NotFound(_("There is nothing of that kind that you may join by."))
        messages.success(request, _("You joined %(name)s.") % {"name": member.organisation.name})
        return redirect("people:organisation", member.organisation.uid)
    context = {"invitations": invitations, "domains": domains, "addresses": queries.addresses_of(person)}
    return render(request, "people/joining.html", context)


@never_cache
def organisation_joining(request: HttpRequest, uid: str) -> HttpResponse:
    """Who is invited to an organisation, and by which domains people may join it."""
    person, now = signed_in(request), utcnow()
    found = queries.organisation_to_invite_to(person, uid)
    if request.method == "POST":
        _act(request, found, person)
        return redirect("people:organisation_joining", uid)
    invitations = found.invitations.filter(used_at=None, revoked_at=None).order_by("-pk")[:MOST_SHOWN]
    context = {
        "organisation": found,
        "invitations": [(one, one.is_open(now)) for one in invitations],
        "domains": [(one, one.lets_in(now)) for one in found.domains.order_by("name")],
        "administers": rules.can_manage(person, found),
        "confirms": rules.has_role(person, Role.OFFICER) and not rules.works_for(person, found),
    }
    return render(request, "people/organisation_joining.html", context)


def _act(request: HttpRequest, organisation: Organisation, person: Person) -> None:
    sent = {name: str(value)[:300] for name, value in request.POST.items()}
    action = ACTIONS.get(sent.get("action", ""))
    if action is None:
        raise NotFound(_("This page does nothing of that kind."))
    try:
        messages.success(request, action(organisation, sent, person))
    except Problem as problem:
        messages.error(request, str(problem))


def _invite(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    made = services.invite(organisation=organisation, email=sent.get("email", ""), by=person, now=utcnow())
    send_invitation(made)
    return _("%(email)s is invited.") % {"email": made.email}


def _resend(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    invitation = _invitation(organisation, sent)
    services.resend_invitation(invitation=invitation, by=person, now=utcnow())
    invitation.refresh_from_db()
    send_invitation(invitation)
    return _("The letter to %(email)s is sent again.") % {"email": invitation.email}


def _revoke(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    invitation = _invitation(organisation, sent)
    services.revoke_invitation(invitation=invitation, by=person, now=utcnow())
    return _("The invitation of %(email)s is revoked.") % {"email": invitation.email}


def _claim(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    made = services.claim_domain(organisation=organisation, name=sent.get("name", ""), by=person, now=utcnow())
    return _("Now prove that %(name)s is yours.") % {"name": made.name}


def _check(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    domain = _domain(organisation, sent)
    records = txt_records(domain.record_name, settings.FABRICA_DNS_SERVER)
    services.prove_domain(domain=domain, records=records, by=person, now=utcnow())
    return _("%(name)s is proved.") % {"name": domain.name}


def _confirm(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    domain = _domain(organisation, sent)
    services.confirm_domain(domain=domain, by=person, now=utcnow())
    return _("%(name)s is proved.") % {"name": domain.name}


def _remove(organisation: Organisation, sent: dict[str, str], person: Person) -> str:
    domain = _domain(organisation, sent)
    services.remove_domain(domain=domain, by=person, now=utcnow())
    return _("Nobody joins by %(name)s any more.") % {"name": domain.name}


ACTIONS: dict[str, Action] = {
    "invite": _invite, "resend": _resend, "revoke": _revoke,
    "claim": _claim, "check": _check, "confirm": _confirm, "remove": _remove,
}  # fmt: skip


def _invitation(organisation: Organisation, sent: dict[str, str]) -> Invitation:
    found = organisation.invitations.filter(pk=_number(sent.get("invitation"))).first()
    if found is None:
        raise NotFound(_("There is no such invitation to this organisation."))
    return found


def _domain(organisation: Organisation, sent: dict[str, str]) -> Domain:
    found = organisation.domains.filter(pk=_number(sent.get("domain"))).first()
    if found is None:
        raise NotFound(_("There is no such domain of this organisation."))
    return found


def _number(text: str | None) -> int:
    """The number of a row; 0, which is none, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 - digits of a row's number
