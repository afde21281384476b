"""The impact assessment: its overview, a page for each section, the signature, and every version that was signed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.kit.errors import NotFound, Problem, Refused
from fabrica.kit.ids import new_uid
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects.queries import project_of
from fabrica.trust import exports, rules, shown
from fabrica.trust.engine import impact
from fabrica.trust.engine.impact.judging import RISK_ID
from fabrica.trust.engine.impact.questions import MOST_RISKS
from fabrica.trust.forms.impact import SectionForm, SignForm
from fabrica.trust.models import ImpactAssessment
from fabrica.trust.queries import impact as queries
from fabrica.trust.services import impact as services
from fabrica.web.downloads import download


@require_safe
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Where it stands: for who writes it the sections and what is missing; for all readers what was signed."""
    person, found, now = signed_in(request), _found(request, pk), utcnow()
    writes = rules.can_write_impact(person, found)
    form = impact.questions(found.version)
    missing = shown.missing(found, now) if writes else []
    context = {
        "row": found, "writes": writes, "missing": missing, "condition": queries.condition_of(found),
        "screening": impact.screen(found.answers, form), "versions": list(found.versions.all())[::-1],
        "sections": shown.sections(found, missing) if writes else (), "form": form,
        "is_new": queries.is_to_be_signed(found),
        "first": next((one.section.id for one in missing), ""),
    }  # fmt: skip
    return render(request, "trust/impact.html", context)


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin one for a project that says only now that it uses personal data."""
    person = signed_in(request)
    made = services.begin_impact(project=project_of(person, slug), by=person, now=utcnow())
    return redirect("trust:impact", made.pk)


def section(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """The questions of one section. A POST keeps what was written, and adds or removes a risk, or goes on."""
    found = _to_write(request, pk)
    form = _form(request, found, section)
    status = 200
    if request.method == "POST":
        try:
            target = _kept(request, found, form)
        except Refused as problem:
            form.add_error(None, str(problem))
            status = problem.status
        else:
            if not form.errors:
                return redirect(target)
    here = form.section
    context = {
        "row": found, "form": form, "section": here, "title": here.said("title", get_language()),
        "told": here.said("told", get_language()), "number": form.questions.sections.index(here) + 1,
        "count": len(form.questions.sections), "is_risks": here.id == impact.RISKS, "most": MOST_RISKS,
        "examples": [one.said("text", get_language()) for one in form.questions.examples],
    }  # fmt: skip
    return render(request, "trust/impact_section.html", context, status=status)


def _kept(request: HttpRequest, found: ImpactAssessment, form: SectionForm) -> str:
    """Keep the section, and do what its button says; where that leads. Raises Refused."""
    here = form.section.id
    kept = _keep(request, found, form, changes_list=True)
    if form.errors:
        return ""
    if "add" in request.POST:
        return f"{reverse('trust:impact_section', args=[found.pk, here])}#risk-{kept.risks[-1][RISK_ID]}"
    if "remove" in request.POST:
        return f"{reverse('trust:impact_section', args=[found.pk, here])}#risks"
    messages.success(request, _("Saved."))
    after = shown.after(kept, here) if "next" in request.POST else ""
    return (
        reverse("trust:impact_section", args=[found.pk, after]) if after else reverse("trust:impact", args=[found.pk])
    )


@require_POST
def autosave(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Keep what was written so far; answers with the version that the next save must carry."""
    found = _to_write(request, pk)
    form = _form(request, found, section)
    try:
        kept = _keep(request, found, form)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": name, "message": " ".join(map(str, errors))} for name, errors in form.errors.items()]
    told = {"what": "; ".join(one["message"] for one in fields), "fields": fields}
    return JsonResponse({**told, "draft_version": kept.saves.get(section, 0)}, status=422 if fields else 200)


def _keep(
    request: HttpRequest, found: ImpactAssessment, form: SectionForm, *, changes_list: bool = False
) -> ImpactAssessment:
    """Save what the form can read. Raises Refused, WrittenMeanwhile also where it does not say its draft."""
    form.is_valid()
    seen, risks = form.cleaned_data.get("draft_version"), form.risks()
    if seen is None:
        raise services.WrittenMeanwhile
    if risks is not None and changes_list:
        risks = [one for one in risks if one[RISK_ID] != request.POST.get("remove")]
        if "add" in request.POST:
            risks.append({RISK_ID: new_uid()[:12]})
    return services.save_impact(
        assessment=found, section=form.section.id, answers=form.answers(), risks=risks, seen=seen,
        by=signed_in(request), now=utcnow(),
    )  # fmt: skip


def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """All of it to read once more, and the name to sign it with."""
    person, found, now = signed_in(request), _to_write(request, pk), utcnow()
    form = SignForm(
        request.POST if request.method == "POST" else None, initial={"digest": queries.digest_of(found)}
    )  # fmt: skip
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = services.sign_impact(assessment=found, **form.cleaned_data, by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
            status = problem.status
        else:
            messages.success(request, _("Signed: version %d is kept.") % made.number)
            return redirect("trust:impact", found.pk)
    missing = shown.missing(found, now)
    context = {
        "row": found, "form": form, "missing": missing, "person": person, "today": timezone.localdate(now),
        "parts": shown.parts(found), "outcome": None if missing else shown.outcome(found),
    }  # fmt: skip
    return render(request, "trust/impact_sign.html", context, status=status)


@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A version as it was signed, and what it changed in the one before."""
    found = _found(request, pk)
    one = queries.version_of(found, number)
    before = queries.version_of(found, number - 1) if number > 1 else None
    context: dict[str, Any] = {
        "row": found, "version": one, "parts": shown.parts(one), "before": before,
        "changes": shown.changed(before, one) if before else (), "source": impact.questions(one.version).source,
    }  # fmt: skip
    return render(request, "trust/impact_version.html", context)


@require_safe
def pdf(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A version as a document to keep."""
    one = queries.version_of(_found(request, pk), number)
    return download(exports.pdf_of(one), exports.name_of(one), "application/pdf")


def _found(request: HttpRequest, pk: int) -> ImpactAssessment:
    return queries.assessment_of(signed_in(request), pk)


def _to_write(request: HttpRequest, pk: int) -> ImpactAssessment:
    """One to write in. Raises NotFound also for who only reads it: what is not signed is not theirs."""
    found = _found(request, pk)
    if not rules.can_write_impact(signed_in(request), found):
        raise NotFound(_("You only read this impact assessment."), todo=_("See what was signed on its page."))
    return found


def _form(request: HttpRequest, found: ImpactAssessment, section: str) -> SectionForm:
    form = impact.questions(found.version)
    here = form.section(section)
    if here is None:
        raise NotFound(_("There is no such section."))
    data = request.POST if request.method == "POST" else None
    return SectionForm(data, assessment=found, form=form, section=here)
