"""The page of a project: hours, how to connect, data, runs, models, members, the bill so far."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override

from fabrica.allocations.queries.invoices import pays
from fabrica.kit.time import utcnow
from fabrica.notices.queries import about_project, is_muted
from fabrica.people.queries import signed_in
from fabrica.people.states import COUNTRIES
from fabrica.portal.acknowledging import acknowledgement
from fabrica.portal.forms import InviteForm
from fabrica.portal.queries.compute import panel_of
from fabrica.portal.queries.workplace import Workplace, workplace_of
from fabrica.portal.words import energy, euros, mass
from fabrica.trust.queries.purposes import under_review

NO_DATA_YET = "fabrica:NAME@1"


def project(request: HttpRequest, slug: str) -> HttpResponse:
    """One project. Officers and operators read it; what members may do there, their role says."""
    return page(request, slug, InviteForm())


def page(request: HttpRequest, slug: str, form: forms.Form) -> HttpResponse:
    """The page, with the form to invite somebody as it stands."""
    person = signed_in(request)
    place = workplace_of(person, slug, utcnow(), request.GET.get("members", ""))
    context = {"place": place, "project": place.project, "form": form, "commands": _commands(place), **_bill(place)}
    context["compute"] = panel_of(place.project, utcnow())
    context["purpose_change"] = under_review(place.project)
    context["is_muted"] = is_muted(person, about_project(slug))
    context["pays"] = place.hours is not None and pays(person, place.hours.award)
    context["acknowledgement"] = _acknowledgement(place)
    return render(request, "portal/project.html", context)


def _acknowledgement(place: Workplace) -> str:
    """What a publication says; empty where no award pays for the project."""
    if place.hours is None:
        return ""
    award = place.hours.award
    application, site = award.application, award.machine.site
    with override("en"):  # as the rest of the sentence, whoever reads the page
        country = str(COUNTRIES[site.country])
    return acknowledgement(
        settings.FABRICA_ACKNOWLEDGEMENT, code=application.code, machine=award.machine.name, site=site.name,
        country=country, mode=application.call.mode_row["title"],
    )  # fmt: skip


def _bill(place: Workplace) -> dict[str, str]:
    """The bill's estimates in words; what the cloud would have charged only where its prices compare."""
    if place.hours is None or place.hours.bill is None:
        return {}
    facts = place.hours.bill.facts
    told = {"energy": energy(facts.footprint.energy_wh), "co2e": mass(facts.footprint.co2e_grams)}
    if facts.cloud:
        low, high = facts.cloud[0].eur_cents_low, max(one.eur_cents_high for one in facts.cloud)
        told["cloud"] = f"{euros(low)} – {euros(high)}"
    return told


def _commands(place: Workplace) -> list[tuple[str, str, str]]:
    """What to type, each with its id and what it does."""
    data = next((one.version.uri for one in place.stagings if one.is_staged), NO_DATA_YET)
    slug = place.project.slug
    return [
        ("login", _("Sign in, once per computer"), f"fabrica login {settings.FABRICA_URL}"),
        ("train", _("Train a small model"), f"fabrica train --project {slug} --recipe demo --data {data}"),
        ("runs", _("See the runs and what they used"), f"fabrica runs --project {slug}"),
    ]
