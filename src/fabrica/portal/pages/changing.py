"""An award extended, or taken back, by an officer or an operator: first what it does, then a button that does it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.allocations import services
from fabrica.allocations.models import Award, Phase
from fabrica.allocations.queries import award_of, extension_of, move_of, phase_of
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.ids import new_uid
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.forms.awards import ExtendForm, MoveForm, PhaseForm, RevokeForm
from fabrica.portal.queries.changing import Standing, standing_of
from fabrica.projects.queries import project_of
from fabrica.web.words import gpu_hours


def extend(request: HttpRequest, slug: str) -> HttpResponse:
    """Say how long, how much and why, see what it does, confirm: a POST shows it; with `extend` it does it, once."""
    standing = standing_of(signed_in(request), slug, utcnow())
    data = request.POST if request.method == "POST" else None
    form = ExtendForm(data, standing=standing, initial={"key": new_uid()})
    context = _context(standing, form)
    if form.is_valid() and "change" not in request.POST:
        try:
            if told := _told_before(standing, form) or (
                "extend" in request.POST and _extended(request, standing, form)
            ):
                messages.success(request, told)
                return redirect("portal:project", slug)
            services.check_extend(award=standing.award, now=utcnow(), **_wish(form))
            context["after"] = standing.extended(form.cleaned_data["months"], form.gpu_seconds())
        except Refused as problem:
            form.add_error(None, str(problem))
    return render(request, "portal/extend.html", context)


def revoke(request: HttpRequest, slug: str) -> HttpResponse:
    """Say why, see what happens to jobs and hours, confirm: a POST shows it; with `revoke` it does it."""
    standing = standing_of(signed_in(request), slug, utcnow())
    form = RevokeForm(request.POST if request.method == "POST" else None)
    context = _context(standing, form)
    if form.is_valid() and "change" not in request.POST:
        try:
            if "revoke" in request.POST:
                messages.success(request, _revoked(request, standing, form.cleaned_data["reason"]))
                return redirect("portal:project", slug)
            services.check_revoke(award=standing.award, now=utcnow())
            context["is_sure"] = True
        except Refused as problem:
            form.add_error(None, str(problem))
    return render(request, "portal/revoke.html", context)


def move(request: HttpRequest, slug: str) -> HttpResponse:
    """Say to whom, how much and why, see what it does to both, confirm: a POST shows it; `move` does it, once."""
    person = signed_in(request)
    standing = standing_of(person, slug, utcnow())
    form = MoveForm(request.POST if request.method == "POST" else None, initial={"key": new_uid()})
    context = _context(standing, form)
    if form.is_valid() and "change" not in request.POST:
        given = form.cleaned_data
        wish = {"gpu_seconds": form.gpu_seconds(), "key": given["key"], "reason": given["reason"], "by": person}
        try:
            context["other"] = wish["receiving"] = award_of(project_of(person, given["to"]))
            if move_of(standing.award, given["key"]) or "move" in request.POST:
                services.move(giving=standing.award, now=utcnow(), **wish)
                told = _("%(hours)s were moved. The leaders of both projects are told.")
                messages.success(request, told % {"hours": gpu_hours(wish["gpu_seconds"])})
                return redirect("portal:project", slug)
            services.check_move(giving=standing.award, now=utcnow(), **wish)
            context["preview"] = _moved(standing, context["other"], form)
        except (Refused, NotAllowed, NotFound) as problem:
            form.add_error("to" if isinstance(problem, NotFound) else None, str(problem))
    return render(request, "portal/move.html", context)


def _moved(standing: Standing, other: Award, form: MoveForm) -> dict[str, int]:
    more = form.gpu_seconds()
    return {"hours": more, "giving": standing.award.gpu_seconds - more, "receiving": other.gpu_seconds + more}


def phase(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One later phase of an award: make it usable now, or give its hours back to the pool; each with a reason."""
    standing = standing_of(signed_in(request), slug, utcnow())
    found = phase_of(standing.award, number)
    if found is None:
        raise NotFound(_("There is no such phase."))
    form = PhaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            messages.success(request, _decided(request, standing, found, form.cleaned_data["reason"]))
            return redirect("portal:project", slug)
        except Refused as problem:
            form.add_error(None, str(problem))
    return render(request, "portal/phase.html", {**_context(standing, form), "phase": found})


def _decided(request: HttpRequest, standing: Standing, phase: Phase, reason: str) -> str:
    wish: dict[str, Any] = {
        "award": standing.award,
        "number": phase.number,
        "by": signed_in(request),
        "now": utcnow(),
        "reason": reason,
    }
    if "drop" in request.POST:
        services.drop_phase(**wish)
        return _("%(hours)s went back to the pool. The project's leader is told.") % {
            "hours": gpu_hours(phase.gpu_seconds)
        }
    services.release_phase(**wish)
    return _("%(hours)s are usable now. The project's leader is told.") % {"hours": gpu_hours(phase.gpu_seconds)}


def _context(standing: Standing, form: Any) -> dict[str, Any]:
    return {"standing": standing, "award": standing.award, "project": standing.award.project, "form": form}


def _wish(form: ExtendForm) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "months": given["months"],
        "gpu_seconds": form.gpu_seconds(),
        "key": given["key"],
        "reason": given["reason"],
    }


def _told_before(standing: Standing, form: ExtendForm) -> str:
    if extension_of(standing.award, form.cleaned_data["key"]) is None:
        return ""
    return _("This form extended the award before; nothing was added again. Open it anew to extend it more.")


def _extended(request: HttpRequest, standing: Standing, form: ExtendForm) -> str:
    made = services.extend(award=standing.award, by=signed_in(request), now=utcnow(), **_wish(form))
    day = date_format(timezone.localtime(made.ends_at), "j F Y")
    return _("The award goes on until %(day)s and has %(total)s now.") % {
        "day": day, "total": gpu_hours(made.gpu_seconds),
    }  # fmt: skip


def _revoked(request: HttpRequest, standing: Standing, reason: str) -> str:
    made = services.revoke(award=standing.award, by=signed_in(request), now=utcnow(), reason=reason)
    told = _("The award was taken back; %(hours)s went back to the pool. The project's leader is told.")
    return told % {"hours": gpu_hours(made.returned_gpu_seconds + standing.balance.promised)}
