"""Alerts about training compute, with the clocks of notifications, and purposes that a person decides."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.allocations.rules import can_audit
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects.queries import sees_all
from fabrica.trust.queries.compute import alert_of, alerts_visible_to, waiting
from fabrica.trust.queries.purposes import referred
from fabrica.trust.services import alerting

MOST = 100


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """The alerts that wait for somebody, or all of them with `show=all`; newest first."""
    person, which = signed_in(request), request.GET.get("show", "")
    if not can_audit(person):
        raise NotAllowed(_("This list is for officers and operators."))
    rows = alerts_visible_to(person)
    page = page_of(rows if which == "all" else waiting(rows), request.GET.get("cursor", ""))
    purposes = list(referred()[: MOST + 1])
    context = {
        "page": page, "which": which, "today": timezone.localdate(utcnow()), "purposes": purposes[:MOST],
        "more": len(purposes) > MOST, "filters": [("", _("Waiting")), ("all", _("All"))],
    }  # fmt: skip
    return render(request, "portal/compute_alerts.html", context)


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that an alert was seen to."""
    person = signed_in(request)
    alert = alert_of(person, pk)
    try:
        alerting.acknowledge(alert=alert, note=request.POST.get("note", ""), by=person, now=utcnow())
        messages.success(request, _("Noted."))
    except Refused as problem:
        messages.error(request, str(problem))
    return redirect("portal:compute_alerts")


@require_POST
def notified(request: HttpRequest, pk: int) -> HttpResponse:
    """End a clock with the evidence."""
    person = signed_in(request)
    alert = alert_of(person, pk)
    try:
        alerting.note_notified(alert=alert, evidence=request.POST.get("evidence", ""), by=person, now=utcnow())
        messages.success(request, _("Noted. The clock has stopped."))
    except Refused as problem:
        messages.error(request, str(problem))
    return redirect("portal:compute_alerts") if sees_all(person) else redirect("portal:project", alert.project.slug)
