"""The panel's pages: calls that have something to rank, and the ranking of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.people.rules import has_role
from fabrica.people.states import Role
from fabrica.portal.forms import RankForm
from fabrica.portal.queries.panel import Panel, panel_of
from fabrica.reviews import services as reviews
from fabrica.reviews.queries import panel_calls


def panels(request: HttpRequest) -> HttpResponse:
    """The calls whose applications experts have reviewed."""
    person = signed_in(request)
    if not has_role(person, Role.PANEL, Role.OFFICER):
        raise NotAllowed(_("Only panel and officers see how applications are ranked."))
    page = page_of(panel_calls(person), request.GET.get("cursor", ""))
    return render(request, "portal/panels.html", {"page": page})


def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """Merged ranking, spread, calibration and the line; a member of the panel confirms the order."""
    person, now = signed_in(request), utcnow()
    found = panel_of(person, slug, now)
    form = RankForm(request.POST if request.method == "POST" and not found.stands_in else None, ready=found.ready)
    if request.method == "POST" and found.stands_in:
        return _stand_in(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            made = reviews.rank(call=found.call, order=form.order(), reasons=form.reasons(), by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Confirmed: %(n)s ranked. The officers decide.") % {"n": len(made)})
            return redirect("portal:panel", slug)
    return render(request, "portal/panel.html", _context(found, form))


def _stand_in(request: HttpRequest, found: Panel) -> HttpResponse:
    """An officer confirms the order of the points as it was shown, where nobody of the panel may."""
    order = request.POST.getlist("code")
    try:
        made = reviews.rank(call=found.call, order=order, reasons={}, by=signed_in(request), now=utcnow())
        messages.success(request, _("Confirmed: %(n)s ranked. Another officer decides.") % {"n": len(made)})
    except (NotAllowed, Refused) as problem:
        messages.error(request, str(problem))
    return redirect("portal:panel", found.call.slug)


def _context(found: Panel, form: RankForm) -> dict[str, object]:
    rows = [(row, form.fields_of(row.candidate) if row.is_ready else None) for row in found.waiting]
    return {"panel": found, "form": form, "rows": rows}
