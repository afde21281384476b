"""The record of processing activities, for who runs the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.kit.errors import NotAllowed
from fabrica.people import rules
from fabrica.people.engine.processing import processing
from fabrica.people.queries import signed_in
from fabrica.people.states import Role


@require_safe
def processing_record(request: HttpRequest) -> HttpResponse:
    """What Fabrica stores about people, by activity (GDPR, Article 30)."""
    if not rules.has_role(signed_in(request), Role.OPERATOR):
        raise NotAllowed(_("Only operators read the record of processing activities."))
    found, language = processing(), get_language()
    labels = {
        "purpose": _("Purpose"), "basis": _("Legal basis"), "persons": _("Whose data"), "data": _("Which data"),
        "recipients": _("Who receives them"), "retention": _("How long they are kept"),
        "security": _("How they are protected"),
    }  # fmt: skip
    rows = [
        (one, one.said("title", language), [(label, one.said(name, language)) for name, label in labels.items()])
        for one in found.activities
    ]
    return render(request, "people/processing.html", {"record": found, "note": found.note(language), "rows": rows})
