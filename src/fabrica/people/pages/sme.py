"""Pages of an SME declaration: figures, others and holdings, the answer at once, signing, what was signed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services, shown
from fabrica.people.engine.sme.draft import (
    SELF,
    Draft,
    free_key,
    is_started,
    node,
    term,
    with_link,
    with_other,
    with_own,
    without,
)
from fabrica.people.engine.sme.paper import to_pdf
from fabrica.people.forms import AccountsForm, DeclareForm, HoldingForm, OtherForm, accounts_initial, other_initial
from fabrica.people.forms.sme import KINDS
from fabrica.people.models import Organisation, Person, SmeDeclaration, SmeDraft
from fabrica.people.queries import signed_in

MOST_VERSIONS = 20
MOST_DIGITS = 9  # of a draft's version


def sme(request: HttpRequest, uid: str) -> HttpResponse:
    """Where it stands: what was declared, and for its own people what is entered and what follows of it."""
    person, now = signed_in(request), utcnow()
    found = queries.organisation_to_read(person, uid)
    context: dict[str, Any] = {
        "organisation": found, "works_here": rules.works_for(person, found), "manages": rules.can_manage(person, found),
        "declarations": [(one, one.is_valid(now)) for one in queries.sme_declarations_of(found)[:MOST_VERSIONS]],
        "term": term(), "ceilings": shown.ceilings(),
    }  # fmt: skip
    if context["works_here"]:
        context |= _entered(found, now)
    return render(request, "people/sme.html", context)


def _entered(organisation: Organisation, now: datetime) -> dict[str, Any]:
    row = queries.sme_draft_of(organisation)
    live, problem = shown.try_live(organisation, row.content, localdate(now))
    kinds, names = dict(KINDS), _names(organisation, row.content)
    others = [{**one, "kind_words": kinds[one.get("kind", "enterprise")]} for one in row.content["enterprises"][1:]]
    links = [{**one, "from": names[one["holder"]], "to": names[one["held"]]} for one in row.content["links"]]
    return {
        "draft": row, "is_started": is_started(row.content), "live": live, "problem": problem,
        "others": others, "links": links,
    }  # fmt: skip


def _names(organisation: Organisation, draft: Draft) -> dict[str, str]:
    return {SELF: organisation.name, **{one["id"]: one["name"] for one in draft["enterprises"][1:]}}


def _own(request: HttpRequest, uid: str) -> tuple[Organisation, SmeDraft, Person]:
    """The organisation, if the person works there, with what it entered. Raises NotFound, NotAllowed."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    if not rules.works_for(person, found):
        raise NotAllowed(_("Only people of the organisation enter its figures."))
    return found, queries.sme_draft_of(found), person


def _keep(
    request: HttpRequest, found: Organisation, content: Draft, by: Person, form: forms.Form | None = None
) -> bool:
    """Save what was entered; where it cannot be, the form says why and keeps what was typed."""
    version = request.POST.get("version", "")
    try:
        services.save_sme_draft(
            organisation=found, content=content, by=by, now=utcnow(),
            version=_number(version),
        )  # fmt: skip
    except Refused as refused:
        if form is None:
            messages.error(request, str(refused))
        else:
            form.add_error(None, str(refused))
        return False
    messages.success(request, _("Saved."))
    return True


def _number(version: str) -> int | None:
    """The version somebody started from; -1, which none is, for more digits than any has."""
    if not version.isascii() or not version.isdigit():
        return None
    return int(version) if len(version) <= MOST_DIGITS else -1


@never_cache
def sme_accounts(request: HttpRequest, uid: str) -> HttpResponse:
    """The organisation's own figures."""
    found, row, person = _own(request, uid)
    latest = _latest(row.content, utcnow())
    form = AccountsForm(request.POST or None, latest=latest, initial=accounts_initial(row.content, latest))
    if request.method == "POST" and form.is_valid():
        own = form.own()
        if inside := row.content["enterprises"][0].get("consolidates"):
            own["consolidates"] = inside
        if _keep(request, found, with_own(row.content, own, form.head()), person, form):
            return redirect("people:sme", uid)
    return render(request, "people/sme_accounts.html", {"organisation": found, "form": form, "draft": row})


def _latest(draft: Draft, now: datetime) -> int:
    years = draft["enterprises"][0].get("years", [])
    return max((one["year"] for one in years), default=localdate(now).year - 1)


@never_cache
def sme_other(request: HttpRequest, uid: str, key: str = "") -> HttpResponse:
    """A firm, person or body around the organisation: a new one, or one that is entered."""
    found, row, person = _own(request, uid)
    draft, latest = row.content, _latest(row.content, utcnow())
    if key and (key == SELF or node(draft, key) is None):
        raise NotFound(_("There is no such enterprise in this declaration."))
    if key and request.POST.get("action") == "remove":
        _keep(request, found, without(draft, key), person)
        return redirect("people:sme", uid)
    form = OtherForm(request.POST or None, latest=latest, initial=other_initial(draft, key, latest) if key else None)
    valid = request.method == "POST" and form.is_valid()
    if valid and _keep(request, found, _with(draft, form, key or free_key(draft)), person, form):
        return redirect("people:sme", uid)
    return render(request, "people/sme_other.html", {"organisation": found, "form": form, "draft": row, "key": key})


def _with(draft: Draft, form: OtherForm, key: str) -> Draft:
    made = with_other(draft, form.node(key), form.cleaned_data["number"])
    made = with_link(made, form.link(key), instead=[(key, SELF), (SELF, key)])
    first, *others = made["enterprises"]
    inside = [one for one in first.get("consolidates", []) if one != key]
    inside += [key] if form.cleaned_data["inside"] else []
    own = {**{name: value for name, value in first.items() if name != "consolidates"}}
    return {**made, "enterprises": [{**own, **({"consolidates": inside} if inside else {})}, *others]}


@never_cache
def sme_holding(request: HttpRequest, uid: str) -> HttpResponse:
    """Another holding, between any two that are named; or one to remove."""
    found, row, person = _own(request, uid)
    names = list(_names(found, row.content).items())
    if request.POST.get("action") == "remove":
        pair = (request.POST.get("holder", ""), request.POST.get("held", ""))
        _keep(request, found, with_link(row.content, None, instead=[pair]), person)
        return redirect("people:sme", uid)
    form = HoldingForm(request.POST or None, names=names)
    valid = request.method == "POST" and form.is_valid()
    if valid and _keep(request, found, with_link(row.content, form.link()), person, form):
        return redirect("people:sme", uid)
    return render(request, "people/sme_holding.html", {"organisation": found, "form": form, "draft": row})


@never_cache
def sme_declare(request: HttpRequest, uid: str) -> HttpResponse:
    """Look at all of it once more, and sign."""
    found, row, person = _own(request, uid)
    if not rules.can_manage(person, found):
        raise NotAllowed(
            _("Only an administrator of the organisation declares its status."), todo=_("Ask one of them to sign.")
        )
    live, problem = shown.try_live(found, row.content, localdate(utcnow()))
    if live is None or not live.is_certain:
        messages.error(
            request, str(problem) if problem else _("Something is missing still: nothing can be signed yet.")
        )
        return redirect("people:sme", uid)
    form = DeclareForm(request.POST or None, initial={"name": person.name})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            services.declare_sme(
                organisation=found, digest=request.POST.get("digest", ""), name=told["name"], role=told["role"],
                by=person, now=utcnow(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Declared. You may print it."))
            return redirect("people:sme", uid)
    context = {"organisation": found, "form": form, "live": live, "term": term()}
    return render(request, "people/sme_declare.html", context)


def _declaration(request: HttpRequest, uid: str, number: int) -> SmeDeclaration:
    found = queries.organisation_to_read(signed_in(request), uid)
    one = queries.sme_declarations_of(found).select_related("organisation").filter(number=number).first()
    if one is None:
        raise NotFound(_("There is no such declaration of this organisation."))
    return one


def sme_declaration(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """What was signed, as a page."""
    one = _declaration(request, uid, number)
    context = {
        "organisation": one.organisation,
        "one": one,
        "told": shown.page_of(one),
        "is_valid": one.is_valid(utcnow()),
    }
    return render(request, "people/sme_declaration.html", context)


def sme_pdf(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """What was signed, to print."""
    one = _declaration(request, uid, number)
    name = f"sme-declaration-{one.organisation.uid[:8]}-{one.number}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(to_pdf(shown.paper(one)), content_type="application/pdf", headers=headers)
