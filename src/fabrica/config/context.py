"""What every page knows: the site's name, the navigation of this person, whether this is the demo."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from fabrica.people import rules

PUBLIC = [("calls:list", _("Calls")), ("dataspaces:list", _("Data")), ("registry:list", _("Models"))]


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `site_name`, `demo`, `nav` as a list of url, label, current."""
    return {"site_name": settings.FABRICA_SITE_NAME, "demo": settings.FABRICA_DEMO, "nav": navigation(request)}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The main entries for this person, the current one marked."""
    person = getattr(request, "user", None)
    entries = list(PUBLIC)
    if person is not None and person.is_authenticated:
        entries = [("home", _("Home")), *PUBLIC]
        if rules.is_staff_member(person):
            entries.append(("reviews:queue", _("Queue")))
    found = [{"url": reverse(name), "label": label} for name, label in entries]
    return [{**entry, "current": request.path == entry["url"]} for entry in found]
