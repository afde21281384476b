"""The self-assessment of an application: seven requirements, one page each, then what they come to."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.applications.services import self_assess
from fabrica.kit.errors import Problem, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.exports import name_of, pdf_of
from fabrica.portal.forms.self_assessment import ANSWERS, RequirementForm
from fabrica.portal.queries.self_assessment import Reading, reading_of
from fabrica.trust.models import SelfAssessment
from fabrica.trust.services import SelfAssessedMeanwhile
from fabrica.web.downloads import download


def _reading(request: HttpRequest, code: str, number: int = 0) -> Reading:
    return reading_of(signed_in(request), code, utcnow(), number)


@require_safe
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """The seven requirements, how far each is answered, and where to go on; who only reads it sees the result."""
    found = _reading(request, code)
    if not found.is_writable:
        return _result_page(request, found)
    language, result = get_language(), found.result
    rows = [
        (one, one.said("title", language), one.said("told", language), score)
        for one, score in zip(found.rules.requirements, result.scores, strict=True)
    ]
    context = {"reading": found, "result": result, "rows": rows, "application": found.application}
    return render(request, "portal/self_assessment.html", {**context, "next": found.after("")})


def requirement(request: HttpRequest, code: str, requirement: str) -> HttpResponse:
    """One requirement; a POST keeps what was chosen and goes on to the next that is not complete."""
    found = _writable(request, code)
    one = found.requirement(requirement)
    form = RequirementForm(request.POST if request.method == "POST" else None, reading=found, requirement=one)
    status = 200
    if request.method == "POST":
        try:
            _keep(request, found, form)
        except SelfAssessedMeanwhile as problem:
            form.add_error(None, str(problem))
            status = problem.status
        if not form.errors:
            return redirect(_onwards(request, code, one.id))
    number = [each.id for each in found.rules.requirements].index(one.id) + 1
    context = {
        "reading": found, "application": found.application, "requirement": one, "form": form, "number": number,
        "title": one.said("title", get_language()), "told": one.said("told", get_language()),
    }  # fmt: skip
    return render(request, "portal/self_assessment_requirement.html", context, status=status)


def _onwards(request: HttpRequest, code: str, done: str) -> str:
    """Where the button leads: the overview, or the next requirement that is not complete, or the result."""
    if "save" in request.POST:
        return reverse("portal:self_assessment", args=[code])
    after = _reading(request, code).after(done)
    if after and after != done:
        return reverse("portal:self_assessment_requirement", args=[code, after])
    return reverse("portal:self_assessment" if after else "portal:self_assessment_result", args=[code])


@require_POST
def autosave(request: HttpRequest, code: str, requirement: str) -> HttpResponse:
    """Keep what was chosen so far; answers with the new draft version, which the next save must carry."""
    found = _writable(request, code)
    form = RequirementForm(request.POST, reading=found, requirement=found.requirement(requirement))
    try:
        kept = _keep(request, found, form)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": name, "message": " ".join(map(str, errors))} for name, errors in form.errors.items()]
    told = {"what": "; ".join(one["message"] for one in fields), "fields": fields}
    return JsonResponse({**told, "draft_version": kept.saves.get(requirement, 0)}, status=422 if fields else 200)


def _keep(request: HttpRequest, found: Reading, form: RequirementForm) -> SelfAssessment:
    """Save what the form can read. Raises Refused, SelfAssessedMeanwhile also where it does not say its draft."""
    form.is_valid()
    version = form.cleaned_data.get("draft_version")
    if version is None:
        raise SelfAssessedMeanwhile
    return self_assess(
        application=found.application, answers=form.answers(), ratings=form.ratings(),
        seen={form.requirement.id: version}, by=signed_in(request), now=utcnow(),
    )  # fmt: skip


def _writable(request: HttpRequest, code: str) -> Reading:
    found = _reading(request, code)
    if not found.is_writable:
        raise Refused(
            _("This self-assessment cannot be changed now."), todo=_("Open the application to see where it stands.")
        )
    return found


@require_safe
def result(request: HttpRequest, code: str, number: int = 0) -> HttpResponse:
    """What the answers come to: a drawing, a table, and what to do, the weightiest first."""
    return _result_page(request, _reading(request, code, number), number)


def _result_page(request: HttpRequest, found: Reading, number: int = 0) -> HttpResponse:
    result, language = found.result, get_language()
    titles = {one.id: one.said("title", language) for one in found.rules.requirements}
    ratings = [None if one.rating is None else one.rating * 20 for one in result.scores]
    advice = [
        (titles[one.item.requirement], one.item.said("question", language), ANSWERS[one.answer], one.item,
         one.item.said("recommendation", language))
        for one in result.advice
    ]  # fmt: skip
    context: dict[str, Any] = {
        "reading": found, "result": result, "application": found.application, "advice": advice, "number": number,
        "labels": [f"{at}. {title}" for at, title in enumerate(titles.values(), start=1)],
        "points": [one.points for one in result.scores], "ratings": ratings,
        "has_scores": any(one.points is not None for one in result.scores),
    }  # fmt: skip
    return render(request, "portal/self_assessment_result.html", context)


@require_safe
def pdf(request: HttpRequest, code: str, number: int = 0) -> HttpResponse:
    """The result as a document to keep."""
    found = _reading(request, code, number)
    return download(pdf_of(found), name_of(found, number), "application/pdf")
