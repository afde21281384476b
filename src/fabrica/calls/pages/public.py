"""What everybody may read of calls, and the route finder."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from fabrica.calls import queries, rules, voice
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.reasons import Verdict
from fabrica.calls.engine.routing import route
from fabrica.calls.engine.sentences import VERDICTS
from fabrica.calls.forms.route import RouteForm
from fabrica.calls.models import Call
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person, SmeDeclaration
from fabrica.people.queries import sme_statuses
from fabrica.people.states import Kind

COMPANIES = (Kind.STARTUP, Kind.SME, Kind.LARGE)
TONES = {Verdict.FITS: "good", Verdict.MAY_FIT: "warning", Verdict.DOES_NOT_FIT: "neutral"}


@dataclass(frozen=True)
class Shown:
    """One route as the page shows it: what is broken or open first, what is met after."""

    told: dict[str, Any]
    call: Call | None

    @property
    def verdict(self) -> str:
        return gettext(VERDICTS[self.told["verdict"]])

    @property
    def tone(self) -> str:
        return TONES[Verdict(self.told["verdict"])]

    @property
    def open_or_broken(self) -> list[dict[str, Any]]:
        return [one for one in self.told["reasons"] if not one["holds"]]

    @property
    def met(self) -> list[dict[str, Any]]:
        return [one for one in self.told["reasons"] if one["holds"]]


@login_not_required
def listing(request: HttpRequest) -> HttpResponse:
    """Every call one can, or soon can, apply to; newest first, 25 on a page."""
    now = utcnow()
    page = page_of(queries.listed().prefetch_related("alternatives"), request.GET.get("cursor", ""))
    calls = [(call, call.is_open(now), call.is_past(now), call.alternatives_open(now)) for call in page.rows]
    return render(request, "calls/list.html", {"calls": calls, "page": page})


@login_not_required
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One call: for whom, how much, how long, how fast, and where that is written."""
    call = queries.call_by_slug(slug)
    now, mode = utcnow(), call.mode
    context = {
        "call": call, "mode": mode, "is_open": call.is_open(now), "is_past": call.is_past(now),
        "alternatives": call.alternatives_open(now),
        "can_operate": isinstance(request.user, Person) and rules.can_operate(request.user),
        "cut_off": mode.cut_off_after(now), "last_cut_off": mode.cut_offs[-1] if mode.cut_offs else None,
    }  # fmt: skip
    return render(request, "calls/detail.html", {**context, "terms": mode_as_dict(call.terms, voice.here())})


@login_not_required
def find_route(request: HttpRequest) -> HttpResponse:
    """A few questions, and which access modes fit the answers; the answers stand in the address."""
    is_asked = any(name in request.GET for name in RouteForm.base_fields)
    known = sme_statuses(request.user, utcnow()) if isinstance(request.user, Person) else []
    form = RouteForm(request.GET if is_asked else None, initial=_known_answers(known))
    context: dict[str, Any] = {"form": form, "known": known}
    if is_asked and form.is_valid():
        context |= _answer(form)
    return render(request, "calls/route.html", context)


def _known_answers(known: list[SmeDeclaration]) -> dict[str, str]:
    """What the only organisation of the person that declared its status said already."""
    if len(known) != 1:
        return {}
    one = known[0].organisation
    company = {"organisation": "company"} if one.kind in COMPANIES else {}
    return {"sme": "yes" if known[0].is_sme else "no", "country": one.country, **company}


def _answer(form: RouteForm) -> dict[str, Any]:
    now = utcnow()
    found = as_dict(route(form.profile(), now, queries.modes(now)), voice.here())
    calls = queries.open_by_mode(now)
    shown = [Shown(one, calls.get(one["mode"])) for one in found["routes"]]
    groups = [
        (gettext(VERDICTS[verdict]), [one for one in shown if one.told["verdict"] == verdict]) for verdict in Verdict
    ]
    asks = [form[key].label for key in found["asks"]]
    return {"groups": [(verdict, ones) for verdict, ones in groups if ones], "asks": asks}
