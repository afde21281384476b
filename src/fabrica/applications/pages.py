"""The applicant's pages: start, write, check and submit, follow, withdraw."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.applications import queries, rules, services
from fabrica.applications.forms import ApplicationForm, StartForm
from fabrica.applications.models import Application
from fabrica.calls.queries import call_by_slug
from fabrica.kit.errors import Problem, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import organisation_of, organisations_of, signed_in
from fabrica.trust import engine as gate


def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft for a call."""
    person, call = signed_in(request), call_by_slug(slug)
    choices = [(one.uid, one.name) for one in organisations_of(person)]
    form = StartForm(request.POST or None, organisations=choices)
    if request.method == "POST" and form.is_valid():
        organisation = organisation_of(person, form.cleaned_data["organisation"])
        made = services.start(call=call, organisation=organisation, by=person, now=utcnow())
        return redirect("applications:edit", made.code)
    return render(request, "applications/start.html", {"call": call, "form": form, "has_organisation": bool(choices)})


def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Write the draft. A POST keeps it; with the button "Check and submit" it goes on to the check."""
    application = _editable(request, code)
    form = ApplicationForm(request.POST or None, application=application)
    if request.method == "POST" and form.is_valid():
        try:
            _keep(request, application, form)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            if "check" in request.POST:
                return redirect("applications:check", code)
            messages.success(request, _("Saved."))
            return redirect("applications:edit", code)
    return render(request, "applications/edit.html", _written(application, form))


@require_POST
def autosave(request: HttpRequest, code: str) -> HttpResponse:
    """Keep what was typed so far; fields that do not read yet are named and the others kept."""
    application = _editable(request, code)
    form = ApplicationForm(request.POST, application=application)
    form.is_valid()
    try:
        kept = _keep(request, application, form)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    wrong = "; ".join(f"{form[name].label}: {' '.join(errors)}" for name, errors in form.errors.items())
    return JsonResponse({"what": wrong, "draft_version": kept.draft_version}, status=422 if wrong else 200)


def proposal(request: HttpRequest, code: str) -> HttpResponse:
    """What the planner proposes, as a piece of the form; asked for again after each save."""
    application = queries.application_of(signed_in(request), code)
    return render(request, "applications/proposal.html", {"proposal": queries.proposal_of(application)})


def check(request: HttpRequest, code: str) -> HttpResponse:
    """All answers once more, what is missing, what the gate says; a POST submits."""
    application = _editable(request, code)
    if request.method == "POST":
        try:
            services.submit(application=application, by=signed_in(request), now=utcnow())
        except Refused as problem:
            messages.error(request, str(problem.what))
        else:
            messages.success(request, _("Submitted. We have written to you what happens next."))
            return redirect("applications:detail", code)
    labels = {name: str(one.label) for name, one in ApplicationForm(application=application).fields.items()}
    labels["gpu_seconds_requested"] = labels["gpu_hours"]
    gaps = [{**vars(gap), "label": labels[gap.field]} for gap in queries.gaps_of(application)]
    outcome = None if gate.missing(application.trust_answers) else gate.evaluate(application.trust_answers)
    context = {"application": application, "gaps": gaps, "outcome": outcome, "parts": queries.summary_of(application)}
    return render(request, "applications/check.html", context)


def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One application: where it stands, what comes next, its timeline and answers."""
    person = signed_in(request)
    application = queries.application_of(person, code)
    context = {
        "application": application,
        "mine": rules.can_edit(person, application),
        "events": queries.timeline_of(application),
        "parts": queries.summary_of(application),
    }
    return render(request, "applications/detail.html", context)


@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take it back."""
    person = signed_in(request)
    services.withdraw(application=queries.application_of(person, code), by=person, now=utcnow())
    messages.success(request, _("Withdrawn. Nothing was deleted; you can read it here."))
    return redirect("applications:detail", code)


def _editable(request: HttpRequest, code: str) -> Application:
    application = queries.application_of(signed_in(request), code)
    if not rules.can_edit(signed_in(request), application) or not application.is_editable:
        raise Refused("This application cannot be changed now.", todo="Open its page to see where it stands.")
    return application


def _keep(request: HttpRequest, application: Application, form: ApplicationForm) -> Application:
    return services.save_draft(
        application=application,
        values=form.values(),
        by=signed_in(request),
        now=utcnow(),
        version=form.cleaned_data.get("draft_version"),
    )


def _written(application: Application, form: ApplicationForm) -> dict[str, object]:
    return {"application": application, "form": form, "proposal": queries.proposal_of(application)}
