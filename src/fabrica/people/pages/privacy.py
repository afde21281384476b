"""Pages of one's own data: taking them along, being erased, and the same on somebody's behalf."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fabrica.kit.errors import NotFound
from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services
from fabrica.people.models import Erasure, Person
from fabrica.people.pages.identities import must_be_fresh
from fabrica.people.queries import signed_in
from fabrica.people.queries.own_data import archive_of, kept_of
from fabrica.people.states import ErasureCause, ErasureStop, Role


@never_cache
@require_safe
def privacy(request: HttpRequest, uid: str = "") -> HttpResponse:
    """What is stored about a person and what of it would stay; the forms to take it along and to be erased."""
    person, now = _meant(signed_in(request), uid), utcnow()
    is_own, waiting = person.pk == signed_in(request).pk, queries.erasure_of(person)
    context = {
        "person": person, "is_own": is_own, "waiting": waiting, "stops": ErasureStop.choices,
        "may_confirm": waiting is not None and not is_own and waiting.asked_by_id != signed_in(request).pk,
        "hindrances": queries.hindrances(person, now), "kept": kept_of(person, get_language()),
        "causes": [one for one in ErasureCause.choices if one[0] != ErasureCause.OWN],
        "days": services.GRACE.days,
    }  # fmt: skip
    return render(request, "people/privacy.html", context)


def _meant(by: Person, uid: str) -> Person:
    """Oneself; for officers and operators, anybody who is not erased. Raises NotFound."""
    if uid in ("", by.uid):
        return by
    person = queries.person_told_of(by, uid) if rules.has_role(by, Role.OFFICER, Role.OPERATOR) else None
    if person is None or person.is_erased:
        raise NotFound(_("There is no such person, or it is not for you to see."))
    return person


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """One's own data as an archive, made as it is sent."""
    must_be_fresh(request)
    person, now = signed_in(request), utcnow()
    services.note_export(by=person, now=now)
    parts = archive_of(person, get_language(), settings.FABRICA_SITE_NAME, now)
    headers = {"Content-Disposition": f'attachment; filename="my-data-{now:%Y-%m-%d}.zip"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(parts, content_type="application/zip", headers=headers)


@require_POST
def erase_ask(request: HttpRequest, uid: str) -> HttpResponse:
    """Have oneself erased, or somebody on their behalf."""
    by = signed_in(request)
    person = _meant(by, uid)
    must_be_fresh(request)
    cause = ErasureCause.OWN if person.pk == by.pk else request.POST.get("cause", "")
    made = services.ask_erasure(
        uid=uid, cause=cause, typed=request.POST.get("typed", "")[:254], by=by, now=utcnow()
    )  # fmt: skip
    if made.is_confirmed:
        _say_when(request, made)
    else:
        messages.success(
            request, _("Asked for. Another officer or operator must confirm it; they were told by letter.")
        )
    return _back(by, person)


def _say_when(request: HttpRequest, made: Erasure) -> None:
    messages.success(request, _("Erased on %(day)s, unless it is cancelled.") % {"day": f"{made.due_at:%Y-%m-%d}"})


@require_POST
def erase_confirm(request: HttpRequest, uid: str) -> HttpResponse:
    """Stand as the second person behind somebody's erasure."""
    by = signed_in(request)
    person = _meant(by, uid)
    must_be_fresh(request)
    _say_when(request, services.confirm_erasure(uid=uid, by=by, now=utcnow()))
    return _back(by, person)


@require_POST
def erase_cancel(request: HttpRequest, uid: str) -> HttpResponse:
    """Let the account be."""
    by = signed_in(request)
    person = _meant(by, uid)
    services.cancel_erasure(uid=uid, by=by, now=utcnow(), why=request.POST.get("cause", ""))
    messages.success(request, _("The account stays."))
    return _back(by, person)


def _back(by: Person, person: Person) -> HttpResponse:
    return redirect("people:privacy") if by.pk == person.pk else redirect("people:privacy_of", person.uid)
