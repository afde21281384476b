"""What every page knows: the site's name, the navigation of this person, whether this is the demo."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fabrica.people import rules
from fabrica.people.adapters.sessions import begun
from fabrica.people.models import Person
from fabrica.people.states import Role

Entry = tuple[str, str | Promise]
PUBLIC: list[Entry] = [
    ("calls:list", _("Calls")), ("dataspaces:list", _("Data")), ("registry:list", _("Models")),
    ("portal:awarded", _("Awarded projects")),
]  # fmt: skip
HOME: Entry = ("home", _("Home"))
DESK: Entry = ("portal:queue", _("Queue"))
MODES: Entry = ("calls:modes", _("Access modes"))
REVIEWING: Entry = ("reviews:mine", _("Reviewing"))
EXPERTS: Entry = ("reviews:pool", _("Experts"))
PANEL: Entry = ("portal:panels", _("Panel"))
BOARD: Entry = ("trust:desk", _("Ethics board"))
MY_DATA: Entry = ("dataspaces:mine", _("My data"))
APPLICATIONS: Entry = ("portal:applications", _("Applications"))
PROJECTS: Entry = ("portal:projects", _("Projects"))
ACCOUNT: Entry = ("people:account", _("My account"))
PROCESSING: Entry = ("people:processing_record", _("Record of processing activities"))
ADMINISTRATION: Entry = ("admin:index", _("Administration"))


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `site_name`, `demo`, `nav` (url, label, current), `person_menu` (url, label).

    Costs one query for a person who signed in (their roles, which the page needs as well), none for others.
    """
    return {
        "site_name": settings.FABRICA_SITE_NAME,
        "demo": settings.FABRICA_DEMO,
        "nav": navigation(request),
        "person_menu": person_menu(request),
        "sign_out_also": sign_out_also(request),
    }


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The main entries for this person; the one whose pages these are is marked."""
    person = _person(request)
    entries = [*([HOME] if person else []), *PUBLIC, *(_by_role(person) if person else [])]
    found = _found(entries)
    here = max((one["url"] for one in found if request.path.startswith(one["url"])), key=len, default="")
    return [{**one, "current": one["url"] == here} for one in found]


def person_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries below the person's name, above those of the sign-in."""
    person = _person(request)
    if person is None:
        return []
    runs_the_site = rules.has_role(person, Role.OPERATOR)
    more = [*([PROCESSING] if runs_the_site else []), *([ADMINISTRATION] if person.is_staff else [])]
    return _found([APPLICATIONS, PROJECTS, ACCOUNT, *more])


def sign_out_also(request: HttpRequest) -> dict[str, str] | None:
    """Where this session was begun elsewhere: the provider's name, and the address that signs out there too."""
    if _person(request) is None:
        return None
    provider = settings.FABRICA_OIDC_PROVIDERS.get(begun(request).get("provider", ""))
    return {"name": provider.name, "url": reverse("people:sign_out_elsewhere")} if provider else None


def _person(request: HttpRequest) -> Person | None:
    """The person behind the request; an error page may be shown before anybody was looked up."""
    user = getattr(request, "user", None)
    return user if isinstance(user, Person) or getattr(user, "is_authenticated", False) else None


def _by_role(person: Person) -> list[Entry]:
    shown: list[tuple[Entry, bool]] = [
        (DESK, rules.is_staff_member(person)),
        (EXPERTS, rules.has_role(person, Role.OFFICER)),
        (REVIEWING, rules.has_role(person, Role.EXPERT)),
        (PANEL, rules.has_role(person, Role.OFFICER, Role.PANEL)),
        (BOARD, rules.has_role(person, Role.ETHICS, Role.BOARD)),
        (MODES, rules.has_role(person, Role.OPERATOR)),
        (MY_DATA, rules.has_role(person, Role.PROVIDER)),
    ]
    return [entry for entry, is_theirs in shown if is_theirs]


def _found(entries: list[Entry]) -> list[dict[str, Any]]:
    """The entries that have an address: a site may leave a context out."""
    found = []
    for name, label in entries:
        try:
            found.append({"url": reverse(name), "label": label})
        except NoReverseMatch:
            continue
    return found
