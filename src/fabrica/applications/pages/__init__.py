"""The applicant's pages: start, write, check and submit, follow, withdraw."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.applications import queries, rules, services
from fabrica.applications.exports import name_of, pdf_of
from fabrica.applications.forms import NAMES, AppealForm, ApplicationForm, StartForm, WithdrawForm
from fabrica.applications.models import Application
from fabrica.applications.queries.attachments import attachment_of, attachments_of, content_of
from fabrica.applications.queries.eligibility import eligibility_of
from fabrica.calls.queries import call_by_slug
from fabrica.kit.attached import FILE_BYTES, too_large
from fabrica.kit.errors import NotAllowed, Problem, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import organisation_of, organisations_of, signed_in, sme_declaration_of
from fabrica.web.downloads import download
from fabrica.web.fields import target_of


def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft for a call."""
    person, call, now = signed_in(request), call_by_slug(slug), utcnow()
    choices = [(one.uid, one.name) for one in organisations_of(person)]
    form = StartForm(request.POST if request.method == "POST" else None, organisations=choices)
    if form.is_valid():
        organisation = organisation_of(person, form.cleaned_data["organisation"])
        try:
            made = services.start(call=call, organisation=organisation, by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("applications:edit", made.code)
    context = {"call": call, "is_open": call.is_open(now), "form": form, "has_organisation": bool(choices)}
    context |= {"alternatives": call.alternatives_open(now), "is_past": call.is_past(now)}
    return render(request, "applications/start.html", context)


def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Write the draft. A POST keeps what can be read of it; the button "Check and submit" goes on to the check."""
    application = _editable(request, code)
    if request.method != "POST":
        return _form_page(request, application, ApplicationForm(application=application))
    form = ApplicationForm(request.POST, application=application)
    try:
        kept = _keep(request, application, form)
        _files(request, kept, form)
        if "take_form" in request.POST and not form.errors:
            kept = services.take_form(application=kept, by=signed_in(request), now=utcnow())
    except services.SavedMeanwhile as problem:
        return _conflict_page(request, code, form, problem)
    except Refused as problem:
        form.add_error(None, str(problem))
        return _form_page(request, application, form)
    if form.errors:
        again = ApplicationForm(request.POST, application=kept)  # with the files that were kept
        again.go_on_from(kept.draft_version)
        again.go_on_with(form)
        return _form_page(request, kept, again)
    for name in ("trust", "check"):
        if name in request.POST:
            return redirect(f"applications:{name}", code)
    messages.success(request, _("Saved."))
    return redirect("applications:edit", code)


def _files(request: HttpRequest, application: Application, form: ApplicationForm) -> None:
    """Keep the files that were chosen, and take off the one whose button was pressed; what cannot be is told there."""
    person, now, names = signed_in(request), utcnow(), dict(form.files_named())
    for name, question in names.items():
        for upload in request.FILES.getlist(name):
            try:
                services.attach(
                    application=application, question=question, name=upload.name or "", data=_read(upload), by=person,
                    now=now,
                )  # fmt: skip
            except Problem as problem:
                form.add_error(name, str(problem))
    if uid := request.POST.get("remove"):
        services.detach(application=application, uid=uid, by=person, now=now)


def _read(upload: "UploadedFile[Any]") -> bytes:
    """A file that was sent, if it is not too large. Raises Refused."""
    if (upload.size or 0) > FILE_BYTES:
        raise too_large(upload.name or "", upload.size or 0)
    return bytes(upload.read())


def _conflict_page(
    request: HttpRequest, code: str, form: ApplicationForm, problem: services.SavedMeanwhile
) -> HttpResponse:
    """The form with everything that was typed, and what is saved now beside it; saving again is a choice."""
    fresh = _editable(request, code)
    theirs = queries.differences(fresh, form.values())
    form.add_error(None, str(problem))
    form.go_on_from(fresh.draft_version)
    return _form_page(request, fresh, form, theirs=theirs, status=problem.status)


def _form_page(
    request: HttpRequest,
    application: Application,
    form: ApplicationForm,
    theirs: Sequence[tuple[Any, Any]] = (),
    status: int = 200,
) -> HttpResponse:
    context = {
        "application": application,
        "form": form,
        **_proposed(application),
        "theirs": theirs,
        "has_newer_form": queries.has_newer_form(application),
        "interview": queries.interview_of(application, utcnow()),
    }
    return render(request, "applications/edit.html", context, status=status)


@require_POST
def autosave(request: HttpRequest, code: str) -> HttpResponse:
    """Keep what was typed so far; fields that do not read yet are named (422) and the others kept.

    Answers with the new draft version, which the next save must carry.
    """
    application = _editable(request, code)
    form = ApplicationForm(request.POST, application=application)
    try:
        kept = _keep(request, application, form)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": name, "message": " ".join(map(str, errors))} for name, errors in form.errors.items()]
    what = "; ".join(f"{form[one['path']].label}: {one['message']}" for one in fields)
    told = {"what": what, "fields": fields, "draft_version": kept.draft_version}
    return JsonResponse(told, status=422 if fields else 200)


def proposal(request: HttpRequest, code: str) -> HttpResponse:
    """What the planner proposes, as a piece of the form; asked for again after each save."""
    application = queries.application_of(signed_in(request), code)
    return render(request, "applications/proposal.html", _proposed(application))


def _proposed(application: Application) -> dict[str, Any]:
    return {"proposal": queries.proposal_of(application), "advice": queries.advice_of(application)}


def check(request: HttpRequest, code: str) -> HttpResponse:
    """All answers once more, what is missing, what the gate says; a POST submits."""
    application = _editable(request, code)
    if request.method == "POST":
        return _submit(request, application)
    told = queries.interview_of(application, utcnow())
    context = {
        "application": application,
        "gaps": _gaps(application),
        "outcome": told.outcome((get_language() or "en").partition("-")[0]) if told.is_whole else None,
        "parts": queries.summary_of(application),
        "advice": [one for one in queries.advice_of(application) if one.is_warning],
        "eligibility": eligibility_of(application, sme_declaration_of(application.organisation), utcnow()),
    }
    return render(request, "applications/check.html", context)


def _gaps(application: Application) -> list[tuple[str, Any, str]]:
    """What is missing: the address where it is given, what it is called, and the sentence."""
    form = ApplicationForm(application=application)
    found: list[tuple[str, Any, str]] = []
    for gap in queries.gaps_of(application, utcnow()):
        if gap.field == "trust_answers":
            found.append((reverse("applications:trust", args=[application.code]), _("Trust questions"), gap.message))
            continue
        bound = form[NAMES.get(gap.field, gap.field)]
        at = f"{reverse('applications:edit', args=[application.code])}#{target_of(bound)}"
        found.append((at, bound.label, gap.message))
    return found


def _submit(request: HttpRequest, application: Application) -> HttpResponse:
    try:
        services.submit(application=application, by=signed_in(request), now=utcnow())
    except Refused as problem:
        # What is missing stands on the page itself, with links.
        messages.error(request, problem.what if "gaps" in problem.facts else str(problem))
        return redirect("applications:check", application.code)
    messages.success(request, _("Submitted. We have written to you what happens next."))
    return redirect("applications:detail", application.code)


def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One application: where it stands, what comes next, its timeline and answers."""
    person = signed_in(request)
    application = queries.application_of(person, code)
    clock = queries.clock_of(application)
    context = {
        "application": application,
        "clock": clock,
        "standing": clock.step.standing(utcnow()) if clock and clock.step else None,
        "mine": rules.can_edit(person, application),
        "events": queries.timeline_of(application, person),
        "submissions": queries.submissions_of(application),
        "parts": queries.summary_of(application),
        "attachments": attachments_of(application),
        "appeal_until": _open_until(queries.appeal_until(application)),
    }
    return render(request, "applications/detail.html", context)


@require_safe
def attachment(request: HttpRequest, code: str, uid: str) -> HttpResponse:
    """A file, to keep on one's own machine: never shown by the browser."""
    found = attachment_of(queries.application_of(signed_in(request), code), uid)
    return download(content_of(found), found.name)


def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The answers as they were at one submission, and what it changed."""
    application = queries.application_of(signed_in(request), code)
    found = queries.submission_of(application, number)
    before = queries.submission_of(application, number - 1) if number > 1 else None
    then = queries.as_it_was(application, found)
    context = {
        "application": application,
        "submission": found,
        "parts": queries.summary_of(then),
        "attachments": attachments_of(then),
        "before": before,
        "changes": queries.changes(application, before, found) if before else None,
    }
    return render(request, "applications/version.html", context)


@require_safe
def version_pdf(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A version as a document to keep."""
    application = queries.application_of(signed_in(request), code)
    found = queries.submission_of(application, number)
    return download(pdf_of(application, found), name_of(application, found), "application/pdf")


def _open_until(until: datetime | None) -> datetime | None:
    """A last instant, while it has not passed."""
    return until if until is not None and utcnow() <= until else None


def appeal(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a refusal to be looked at again; a POST does it."""
    person = signed_in(request)
    application = queries.application_of(person, code)
    if not rules.can_edit(person, application):
        raise NotAllowed(_("Only members of the organisation appeal for its application."))
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.appeal(application=application, by=person, now=utcnow(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Sent. Somebody who did not refuse it decides on your appeal."))
        return redirect("applications:detail", code)
    until = _open_until(queries.appeal_until(application))
    if until is None:
        raise Refused(_("There is no appeal against this now."), why=application.get_state_display())
    return render(request, "applications/appeal.html", {"application": application, "form": form, "until": until})


def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Ask whether it is to be taken back, and why; a POST does it."""
    person = signed_in(request)
    application = queries.application_of(person, code)
    if not rules.can_edit(person, application):
        raise NotAllowed(_("Only members of the organisation withdraw its application."))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.withdraw(application=application, by=person, now=utcnow(), reason=form.cleaned_data["reason"])
        messages.success(request, _("Withdrawn. Nothing was deleted; you can read it here."))
        return redirect("applications:detail", code)
    if application.is_final:
        raise Refused(_("It cannot be withdrawn any more."), why=application.get_state_display())
    return render(request, "applications/withdraw.html", {"application": application, "form": form})


def _editable(request: HttpRequest, code: str) -> Application:
    application = queries.application_of(signed_in(request), code)
    rules.must_edit(signed_in(request), application)
    return application


def _keep(request: HttpRequest, application: Application, form: ApplicationForm) -> Application:
    """Save whatever the form can read. Raises Refused; SavedMeanwhile also when the form does not say its draft."""
    form.is_valid()
    version = form.cleaned_data.get("draft_version")
    if version is None:
        raise services.SavedMeanwhile
    return services.save_draft(
        application=application, values=form.values(), by=signed_in(request), now=utcnow(), version=version
    )
