"""The purpose of a project: what it declares, another one proposed, the gate answered anew, a person's decision."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.portal.queries.purpose import answers_of
from fabrica.projects import rules
from fabrica.projects.models import Project
from fabrica.projects.queries import project_of
from fabrica.trust.models import PURPOSE_LIMIT
from fabrica.trust.queries import purposes as queries
from fabrica.trust.services import purposes as services
from fabrica.trust.states import UNSETTLED, Answer, PurposeState

MOST_SHOWN = 20


def purpose(request: HttpRequest, slug: str) -> HttpResponse:
    """What a project is for, and its changes; a POST with `do` proposes, answers, decides or withdraws."""
    person = signed_in(request)
    project = project_of(person, slug)
    if request.method == "POST":
        try:
            if _done(request, person, project):
                return redirect("portal:purpose", project.slug)
        except Refused as problem:
            messages.error(request, str(problem))
    return render(request, "portal/purpose.html", _context(request, person, project))


def _done(request: HttpRequest, person: Person, project: Project) -> bool:
    """Whether it is done; not while answers bring up questions, which the page then asks too."""
    given, now = request.POST, utcnow()
    what = given.get("do", "")
    if what == "propose":
        services.propose_purpose(
            project=project, purpose=given.get("purpose", ""), reason=given.get("reason", ""), by=person, now=now,
            has_personal_data={"yes": True, "no": False}.get(given.get("personal", "")),
        )  # fmt: skip
        messages.success(request, _("Declared. Now answer the gate for the new purpose."))
        return True
    change = queries.open_change(project)
    if what == "answer":
        anew = queries.asked_anew(answers_of(project), given.dict(), timezone.localdate(now))
        if anew.left:
            messages.warning(request, _("Some questions are still to be answered: they come first below."))
            return False
        made = services.answer_gate(change=change, answers=anew.answers, by=person, now=now)
        held = made.state == PurposeState.ACCEPTED
        messages.success(request, _("The new purpose holds.") if held else _("A person decides. You will be told."))
    elif what == "decide":
        services.decide_purpose(
            change=change, accepts=given.get("accepts") == "yes", note=given.get("note", ""), by=person, now=now
        )
        messages.success(request, _("Decided. The project was told."))
    elif what == "withdraw":
        services.withdraw_purpose(change=change, by=person, now=now)
        messages.success(request, _("Withdrawn. The project keeps its purpose."))
    else:
        raise Refused(_("Press one of the buttons."))
    return True


def _context(request: HttpRequest, person: Person, project: Project) -> dict[str, Any]:
    change = queries.under_review(project)
    is_pi = rules.is_pi(person, project)
    answers = bool(change and change.state == PurposeState.PROPOSED and is_pi)
    today = timezone.localdate(utcnow())
    anew = queries.asked_anew(answers_of(project), request.POST.dict(), today) if answers else None
    given = change.assessment.answers if change and change.assessment else {}
    settled = list(queries.changes_of(project).exclude(state__in=UNSETTLED)[:MOST_SHOWN])
    return {
        "project": project, "change": change, "is_pi": is_pi, "anew": anew,
        "asked": queries.asked(given, today),
        "decides": bool(
            change and change.state == PurposeState.REFERRED and rules.judges_reports(person, project)
        ),
        "changes": settled, "choices": Answer.choices, "limit": PURPOSE_LIMIT,
        "given": request.POST,
    }  # fmt: skip
