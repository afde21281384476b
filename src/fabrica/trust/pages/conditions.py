"""Conditions for those who owe them and those who judge them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.people.states import Role
from fabrica.trust import rules
from fabrica.trust.engine import impact
from fabrica.trust.forms import EvidenceForm, NothingForm, ReasonForm, SeenForm
from fabrica.trust.models import Condition
from fabrica.trust.pages.acting import Act, data_for, done, files_for
from fabrica.trust.queries import conditions as queries
from fabrica.trust.queries.evidence import content_of, file_of, files_of
from fabrica.trust.queries.impact import assessment_about
from fabrica.trust.services import conditions as services
from fabrica.trust.states import MET_MOVES, TAKES_EVIDENCE, Met
from fabrica.web.downloads import download


def listing(request: HttpRequest) -> HttpResponse:
    """The conditions I may read, newest first."""
    person, today, language = signed_in(request), timezone.localdate(utcnow()), get_language()
    page = page_of(queries.visible_to(person), request.GET.get("cursor", ""))
    rows = [(one, one.said(language), one.is_overdue(today)) for one in page.rows]
    return render(request, "trust/conditions.html", {"page": page, "rows": rows})


def condition(request: HttpRequest, pk: int) -> HttpResponse:
    """One condition: what is owed, the evidence, who closed it; a POST does what its button says."""
    person = signed_in(request)
    found = queries.condition_of(person, pk)
    acts = _acts(request, person, found)
    if request.method == "POST" and done(request, acts):
        return redirect("trust:condition", pk)
    is_late = found.is_overdue(timezone.localdate(utcnow()))
    context: dict[str, Any] = {"condition": found, "text": found.said(get_language()), "acts": acts, "is_late": is_late}
    if found.key in (impact.KEY, impact.CONSULTATION):
        context["assessment"] = assessment_about(subject=found.subject)
        context["reads_assessment"] = context["assessment"] and rules.can_read_impact(person, context["assessment"])
    context["files"] = files_of(found)
    if found.referral is not None and _reads_application(person, found):
        context["about"] = found.referral.path
    return render(request, "trust/condition.html", context)


def _reads_application(person: Person, found: Condition) -> bool:
    """Whether the application behind it is open to them: to its side and those who lead; a member needs a seat."""
    is_theirs = people_rules.works_for(person, found.organisation)
    return is_theirs or people_rules.has_role(person, Role.ETHICS, Role.OFFICER)


def _acts(request: HttpRequest, person: Person, found: Condition) -> list[Act]:
    may, made = MET_MOVES[Met(found.state)], []
    if found.state in TAKES_EVIDENCE and found.key != impact.KEY and rules.can_give_evidence(person, found):
        form = EvidenceForm(
            data_for(request, "evidence"), files_for(request, "evidence"), prefix="evidence",
            initial={"text": found.evidence, "link": found.evidence_link},
        )  # fmt: skip
        made.append(Act(
            "evidence", _("Show how it is met"), _("Give the evidence"), form,
            partial(_give, found, form, person),
            _("The evidence was given. Two persons of the board look at it; you get a letter when they have."),
        ))  # fmt: skip
    return made + (_judging(request, person, found) if may and rules.can_judge(person, found) else [])


def _give(found: Condition, form: EvidenceForm, person: Person, data: Mapping[str, Any]) -> None:
    name, content = form.upload()
    services.give_evidence(
        condition=found, text=data["text"], link=data["link"], name=name, data=content, by=person, now=utcnow()
    )  # fmt: skip


@require_safe
def file(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """A file that was given as evidence, to keep on one's own machine: never shown by the browser."""
    found = file_of(queries.condition_of(signed_in(request), pk), uid)
    return download(content_of(found), found.name)


def _judging(request: HttpRequest, person: Person, found: Condition) -> list[Act]:
    may, made, now = MET_MOVES[Met(found.state)], [], utcnow()
    if Met.CLOSING in may:
        seen = {"seen": found.given_at.isoformat() if found.given_at else ""}
        made.append(Act(
            "find_met", _("Is it met?"), _("Yes, I find it met"), SeenForm(data_for(request, "find_met"), initial=seen),
            lambda data: services.find_met(condition=found, by=person, now=now, seen=data["seen"]),
            _("You found it met. A second person of the board must agree before it is closed."),
        ))  # fmt: skip
    if {Met.CLOSED, Met.WAIVED} & may and found.found_by_id != person.pk:
        made.append(Act(
            "settle", _("Do you agree?"), _("I agree, as the second person"), NothingForm(data_for(request, "settle")),
            lambda _data: services.settle(condition=found, by=person, now=now),
            _("It is settled and holds nothing up any more. Whoever owed it was told by letter."),
        ))  # fmt: skip
    if Met.OPEN in may:
        made.append(Act(
            "send_back", _("Send it back"), _("Send it back"),
            ReasonForm(data_for(request, "send_back"), prefix="send_back"),
            lambda data: services.send_back(condition=found, reason=data["reason"], by=person, now=now),
            _("It is open again, and whoever owes it was told by letter what is missing."),
            is_secondary=True,
        ))  # fmt: skip
    if Met.WAIVING in may:
        made.append(Act(
            "waive", _("Waive it"), _("Propose to waive it"), ReasonForm(data_for(request, "waive"), prefix="waive"),
            lambda data: services.waive(condition=found, reason=data["reason"], by=person, now=now),
            _("You proposed to waive it. A second person of the board must agree."),
            is_secondary=True,
        ))  # fmt: skip
    return made
