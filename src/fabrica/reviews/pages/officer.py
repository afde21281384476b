"""An officer's pages: the pool, and the evaluation of one application."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.applications.models import Application
from fabrica.applications.queries import application_of
from fabrica.applications.states import State
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused, Unreachable
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, rules, services
from fabrica.reviews.adapter.letters import write_to
from fabrica.reviews.engine.criteria import criteria_from
from fabrica.reviews.forms import EvaluationForm, InviteForm, LinkForm, field_choices
from fabrica.reviews.models import Evaluation, Newcomer
from fabrica.reviews.shown import merged_of, shown_reviews

MOST_SHOWN = 30
MOST_WAITING = 200
MOST_DIGITS = 16  # of a row's number


def pool(request: HttpRequest) -> HttpResponse:
    """The experts and who is invited by letter; forms invite, and note two organisations that belong together."""
    person, now, is_post = signed_in(request), utcnow(), request.method == "POST"
    rules.must_invite(person)
    if "newcomer" in request.POST:
        return _about_newcomer(request)
    is_link = "link" in request.POST
    invite = InviteForm(request.POST if is_post and not is_link else None)
    link = LinkForm(request.POST if is_link else None, prefix="link")
    form = link if is_link else invite
    if form.is_valid():
        try:
            messages.success(request, _link(link, person) if is_link else _invite(invite, person))
            return redirect("reviews:pool")
        except (Refused, NotFound) as problem:
            form.add_error(None, str(problem))
        except Unreachable as problem:
            messages.error(request, str(problem))
            return redirect("reviews:pool")
    page = page_of(queries.pool(person), request.GET.get("cursor", ""))
    labels = dict(field_choices())
    rows = [(one, [labels.get(key, key) for key in one.fields]) for one in page.rows]
    waiting = [(one, one.is_open(now)) for one in queries.newcomers(person)[:MOST_WAITING]]
    context = {"rows": rows, "page": page, "invite": invite, "link": link, "newcomers": waiting}
    return render(request, "reviews/pool.html", context)


def _link(form: LinkForm, person: Person) -> str:
    services.note_link(**form.cleaned_data, by=person, now=utcnow())
    return _("Noted. Whoever works for one does not judge for the other.")


def _invite(form: InviteForm, person: Person) -> str:
    data = form.cleaned_data
    made = services.invite(
        email=data["email"], fields=data["fields_known"], languages=data["languages"], by=person, now=utcnow()
    )
    if not isinstance(made, Newcomer):
        return _("Invited. They answer on their own page.")
    write_to(made)
    return _("%(email)s is invited by letter.") % {"email": made.email}


def _about_newcomer(request: HttpRequest) -> HttpResponse:
    """Write the letter again, or withdraw the invitation: the button says which."""
    person, pk = signed_in(request), request.POST["newcomer"]
    found = queries.newcomer_of(person, int(pk) if pk.isascii() and pk.isdigit() and len(pk) < MOST_DIGITS else 0)
    try:
        if request.POST.get("act") == "withdraw":
            services.withdraw_newcomer(newcomer=found, by=person, now=utcnow())
            messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
        else:
            services.invite_newcomer_again(newcomer=found, by=person, now=utcnow())
            write_to(found)
            messages.success(request, _("The letter to %(email)s is sent again.") % {"email": found.email})
    except (Refused, Unreachable) as problem:
        messages.error(request, str(problem))
    return redirect("reviews:pool")


def evaluation(request: HttpRequest, code: str) -> HttpResponse:
    """How one application is reviewed: what experts must know, whom the engine proposes and why, who has handed in."""
    person = signed_in(request)
    application = application_of(person, code)
    if not rules.sees_reviews(person, application):
        raise NotAllowed(_("Only officers and panel without a part in it see how it is reviewed."))
    found = queries.evaluation_of(application)
    if found is not None:
        found.application = application
    form = None
    if request.method == "POST":
        form = _posted(request, application, found)
        if form is None:
            return redirect("reviews:evaluation", code)
    return render(request, "reviews/evaluation.html", _context(request, application, found, form))


def _posted(request: HttpRequest, application: Application, found: Evaluation | None) -> EvaluationForm | None:
    """Do what the button says; the form where something in it is to be mended."""
    person, now, act = signed_in(request), utcnow(), request.POST.get("act", "")
    try:
        if act == "open":
            return _open(request, application, found)
        if found is None:
            messages.error(request, _("Say first what experts must know."))
        elif act == "assign":
            experts, reason = request.POST.getlist("expert"), request.POST.get("reason", "")
            services.assign(evaluation=found, experts=experts, reason=reason, by=person, now=now)
            messages.success(request, _("Confirmed. Who is new has been asked."))
        elif act == "close":
            services.close_evaluation(evaluation=found, by=person, now=now)
            messages.success(request, _("Closed. The applicant may read the reviews and answer."))
    except Refused as problem:
        messages.error(request, str(problem))
    return None


def _open(request: HttpRequest, application: Application, found: Evaluation | None) -> EvaluationForm | None:
    form = EvaluationForm(request.POST, evaluation=found, wanted=_wanted(application))
    if not form.is_valid():
        return form
    data = form.cleaned_data
    try:
        services.open_evaluation(
            application=application, fields=data["fields_wanted"], language=data["language"], reviews=data["reviews"],
            is_blind=data["is_blind"], by=signed_in(request), now=utcnow(),
        )  # fmt: skip
    except Problem as problem:
        form.add_error(None, str(problem))
        return form
    return None


def _wanted(application: Application) -> int:
    return criteria_from(queries.criteria_for(application)).reviews


def _context(
    request: HttpRequest, application: Application, found: Evaluation | None, form: EvaluationForm | None
) -> dict[str, Any]:
    person = signed_in(request)
    runs = application.has_experts and application.state == State.ASSESSED and rules.can_decide(person, application)
    proposal, trouble = _proposal(found) if runs and found is not None else (None, "")
    reviews = queries.reviews_for(person, application)
    labels = dict(field_choices())
    return {
        "application": application,
        "evaluation": found,
        "runs": runs,
        "form": form or (EvaluationForm(evaluation=found, wanted=_wanted(application)) if runs else None),
        "proposal": proposal,
        "trouble": trouble,
        "rows": [(one, [labels.get(key, key) for key in one.pairing.fields]) for one in _first(proposal)],
        "needs_reason": any(one.needs_reason for one in _first(proposal)),
        "left_out": max(0, len(proposal.rows) - MOST_SHOWN) if proposal else 0,
        "reviews": shown_reviews(found, reviews) if found else [],
        "merged": merged_of(found, reviews) if found and reviews else None,
        "reply": queries.reply_of(found) if found else None,
        "outcome": queries.outcome_of(application),
    }


def _proposal(found: Evaluation) -> tuple[queries.Proposal, str]:
    """The engine's proposal; where there is none, everybody beside the application, and why."""
    try:
        return queries.proposal_of(found), ""
    except Refused as problem:
        return queries.Proposal(queries.pairings_of(found)), str(problem)


def _first(proposal: queries.Proposal | None) -> list[queries.Pooled]:
    """Whoever was asked or is proposed, then the next best."""
    if proposal is None:
        return []
    rows = sorted(proposal.rows, key=lambda one: not (one.is_asked or one.is_proposed))
    return rows[:MOST_SHOWN]
