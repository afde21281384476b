"""The desk of officers and assessors: the queue, and one application with the form that is due."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.allocations import services as allocations
from fabrica.allocations.rules import can_audit
from fabrica.applications import services as applications
from fabrica.applications.engine.clocks import Clock
from fabrica.applications.models import Application
from fabrica.applications.queries import clock_of, clocks_of
from fabrica.applications.queries.eligibility import eligibility_of
from fabrica.applications.queries.lengths import site_lengths
from fabrica.applications.states import State
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.portal.engine import Task
from fabrica.portal.forms import AppealForm, AssessForm, ConcludeForm, DecideForm, RefuseForm, ScreenForm
from fabrica.portal.forms.answering import OfferForm
from fabrica.portal.queries import desk as desks
from fabrica.portal.queries.case import Case, case_of
from fabrica.portal.queries.proposing import ranked_calls
from fabrica.portal.words import step_due
from fabrica.reviews import services as reviews
from fabrica.reviews.models import TechnicalAssessment

DeskForm = ScreenForm | AssessForm | DecideForm | ConcludeForm | RefuseForm | AppealForm | OfferForm
FORMS: dict[Task, type[DeskForm]] = {
    Task.SCREEN: ScreenForm,
    Task.ASSESS: AssessForm,
    Task.DECIDE: DecideForm,
    Task.EVALUATE: RefuseForm,
    Task.CONCLUDE: ConcludeForm,
    Task.APPEAL: AppealForm,
    Task.OFFER: OfferForm,
}


def queue(request: HttpRequest) -> HttpResponse:
    """What waits, most urgent first."""
    person = signed_in(request)
    desks.must_be_staff(person)
    which, now = request.GET.get("state", ""), utcnow()
    page = desks.page_by_urgency(desks.shown(person, which, now), request.GET.get("cursor", ""))
    found, clocks = desks.assessments(person, list(page.rows)), clocks_of(page.rows)
    waiting = desks.waiting_for(person, now)
    counts = {desks.MINE: waiting.due, **desks.counts(person, now)}
    context = {
        "rows": [_row(one, clocks.get(one.pk), found.get(one.pk), now) for one in page.rows],
        "page": page,
        "which": which if which in counts else "",
        "filters": [(name, label, counts[name]) for name, label in _labels()],
        "waiting": waiting,
        "clocks_source": site_lengths().source.as_dict(),
        "first": desks.next_for(person),
        "ranked_calls": ranked_calls(person) if which == State.RANKED else (),
    }
    return render(request, "portal/queue.html", context)


def _row(
    application: Application, clock: Clock | None, assessment: TechnicalAssessment | None, now: datetime
) -> tuple[Any, ...]:
    """An application, when it is due in words, the tone of that, its newest assessment, and the step that runs."""
    step = clock.step if clock else None
    return application, *step_due(clock, now), assessment, step, step.standing(now) if step else None


def _labels() -> list[tuple[str, str]]:
    return [
        ("", _("All that waits")), ("mine", _("For me")), ("late", _("Late")),
        ("submitted", _("To screen")), ("screened", _("To assess")),
        ("assessed", _("To decide")), ("evaluated", _("With the panel")), ("ranked", _("Ranked")),
        ("offered", _("Offered: with the applicant")), ("appealed", _("Appeals")),
        ("returned", _("Paused: with the applicant")),
    ]  # fmt: skip


def desk(request: HttpRequest, code: str) -> HttpResponse:
    """One application: everything to decide on, and the one form that is due for this person."""
    person = signed_in(request)
    desks.must_be_staff(person)
    case = case_of(person, code)
    form = _form(case, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if form is None:
            raise Refused(_("Nothing is to be decided here by you now."), todo=_("Reload the page."))
        if form.is_valid() and _done(request, case, form):
            return _onwards(request, person, case.application)
    return render(request, "portal/desk.html", _context(person, case, form))


def _form(case: Case, data: Any) -> DeskForm | None:
    return FORMS[case.task](data, case=case) if case.task else None


def _context(person: Person, case: Case, form: forms.Form | None) -> dict[str, Any]:
    now, clock = utcnow(), clock_of(case.application)
    return {
        "case": case,
        "application": case.application,
        "form": form,
        "clock": clock,
        "standing": clock.step.standing(now) if clock and clock.step else None,
        "due": step_due(clock, now),
        "clocks_source": site_lengths().source.as_dict(),
        "next": desks.next_for(person, after=case.application),
        "sees_identities": can_audit(person),
        "eligibility": eligibility_of(case.application, case.sme, now),
        "sme_is_valid": case.sme is not None and case.sme.is_valid(now),
    }


def _done(request: HttpRequest, case: Case, form: Any) -> bool:
    """Do what was decided; False, with the reason on the form, where the rules say no."""
    try:
        DOES[form.cleaned_data["decision"], case.task](case.application, form, signed_in(request))
    except Refused as problem:
        form.add_error(None, str(problem))
        return False
    return True


def _onwards(request: HttpRequest, person: Person, done: Application) -> HttpResponse:
    """To the next one that waits for this person, or to the queue when there is none."""
    done.refresh_from_db()
    following = desks.next_for(person, after=done)
    words = {"code": done.code, "state": done.get_state_display()}
    if following is None:
        messages.success(request, _("%(code)s: %(state)s. Nothing else waits for you.") % words)
        return redirect("portal:queue")
    messages.success(request, _("%(code)s: %(state)s. This is the next one.") % words)
    return redirect("portal:desk", following)


def _screen(application: Application, form: ScreenForm, by: Person) -> None:
    applications.screen(application=application, by=by, now=utcnow(), note=form.cleaned_data["reason"])


def _send_back(application: Application, form: ScreenForm, by: Person) -> None:
    applications.send_back(application=application, reason=form.cleaned_data["reason"], by=by, now=utcnow())


def _refuse_at_once(application: Application, form: ScreenForm, by: Person) -> None:
    applications.refuse(application=application, reason=form.cleaned_data["reason"], by=by, now=utcnow())


def _assess(application: Application, form: AssessForm, by: Person) -> None:
    reviews.assess(
        application=application, verdict=form.cleaned_data["verdict"], comment=form.cleaned_data["comment"],
        gpu_seconds_recommended=form.gpu_seconds(), by=by, now=utcnow(),
    )  # fmt: skip


def _award(application: Application, form: DecideForm, by: Person) -> None:
    allocations.grant(
        application=application, gpu_seconds=form.gpu_seconds(), months=form.cleaned_data["months"],
        note=form.cleaned_data["note"], phases=form.later(form.gpu_seconds()),
        from_reserve=form.is_from_reserve(), limit_cents=form.limit_cents(), by=by, now=utcnow(),
    )  # fmt: skip


def _refuse(application: Application, form: DecideForm, by: Person) -> None:
    reviews.refuse(application=application, reason=form.cleaned_data["note"], by=by, now=utcnow())


def _conclude(application: Application, form: ConcludeForm, by: Person) -> None:
    services.conclude(
        application=application, kind=form.cleaned_data["kind"], gpu_seconds=form.gpu_seconds(),
        months=form.cleaned_data["months"], conditions=form.cleaned_data["conditions"],
        note=form.cleaned_data["note"], other_call=form.other_call(), phases=form.later(form.gpu_seconds()),
        from_reserve=form.is_from_reserve(), limit_cents=form.limit_cents(), by=by, now=utcnow(),
    )  # fmt: skip


def _grant(application: Application, form: AppealForm, by: Person) -> None:
    reason = form.cleaned_data["reason"]
    reviews.decide_appeal(application=application, granted=True, reason=reason, by=by, now=utcnow())


def _uphold(application: Application, form: AppealForm, by: Person) -> None:
    reason = form.cleaned_data["reason"]
    reviews.decide_appeal(application=application, granted=False, reason=reason, by=by, now=utcnow())


def _extend(application: Application, form: OfferForm, by: Person) -> None:
    applications.extend_answer(
        application=application, working_days=form.cleaned_data["working_days"], reason=form.cleaned_data["reason"],
        by=by, now=utcnow(),
    )  # fmt: skip


def _withdraw(application: Application, form: OfferForm, by: Person) -> None:
    allocations.withdraw_offer(application=application, reason=form.cleaned_data["reason"], by=by, now=utcnow())


DOES: dict[tuple[str, Task | None], Callable[[Application, Any, Person], None]] = {
    ("screen", Task.SCREEN): _screen,
    ("return", Task.SCREEN): _send_back,
    ("refuse", Task.SCREEN): _refuse_at_once,
    ("assess", Task.ASSESS): _assess,
    ("award", Task.DECIDE): _award,
    ("refuse", Task.DECIDE): _refuse,
    ("refuse", Task.EVALUATE): _refuse,
    ("award", Task.CONCLUDE): _conclude,
    ("refuse", Task.CONCLUDE): _refuse,
    ("grant", Task.APPEAL): _grant,
    ("refuse", Task.APPEAL): _uphold,
    ("extend", Task.OFFER): _extend,
    ("withdraw", Task.OFFER): _withdraw,
}
