"""The trust interview: one question a page, a list of what was answered, and what the rules say to it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.applications import queries, rules, services
from fabrica.applications.engine.interview import Interview, operations, words_said
from fabrica.applications.engine.report import report
from fabrica.applications.exports import report_pdf
from fabrica.applications.forms import InterviewForm
from fabrica.applications.models import Application
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.trust.engine.act.explaining import rules_about
from fabrica.trust.engine.act.ruleset import Question, said
from fabrica.trust.engine.articles import article_in
from fabrica.trust.states import Answer
from fabrica.web.downloads import download

MOST_REASONS = 6
OPERATIONS = "flop"


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


@require_safe
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """How far it is answered, each answer with a way to change it, and the result once it is complete.

    What was handed in is shown as it was decided.
    """
    person = signed_in(request)
    application = queries.application_of(person, code)
    is_open = application.is_editable
    told = queries.interview_of(application, utcnow())
    context = {
        "application": application,
        "mine": rules.can_edit(person, application) and is_open,
        "interview": told if is_open else None,
        "answers": _answers(told.answers if is_open else application.trust_answers),
        "outcome": told.outcome(_language()) if is_open and told.is_whole else None,
        "next_steps": _next_steps(told) if is_open and told.is_whole else (),
    }
    return render(request, "applications/trust.html", context)


def _answers(answers: Any) -> list[tuple[str, str, str]]:
    words = dict(Answer.choices)
    return [(key, question, str(words.get(one, one))) for key, question, one in words_said(answers, _language())]


def _next_steps(told: Interview) -> Any:
    return report(told.outcome(_language())).next_steps


def question(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """One question; a POST keeps its answer and goes on to the next that matters."""
    person = signed_in(request)
    application = queries.application_of(person, code)
    rules.must_edit(person, application)
    told = queries.interview_of(application, utcnow())
    try:
        asked = told.question(key)
    except Refused as problem:
        raise NotFound(_("There is no such question.")) from problem
    form = _form(request, application, told, asked)
    if not form.is_valid():
        return _page(request, application, asked, form)
    try:
        services.answer_trust(
            application=application, question=key, answer=form.given, seen=form.cleaned_data["seen"], by=person,
            now=utcnow(),
        )  # fmt: skip
    except services.AnsweredMeanwhile as problem:
        form.add_error(None, str(problem))
        form.go_on_from(problem.theirs)  # what was chosen stays; sending it again is a choice
        return _page(request, application, asked, form, problem)
    return _go_on(application)


def _form(request: HttpRequest, application: Application, told: Interview, asked: Question) -> InterviewForm:
    guess = ""
    if asked.id == OPERATIONS:
        guess = operations(application.parameters_millions, application.tokens_millions, application.runs)
    data = request.POST if request.method == "POST" else None
    return InterviewForm(data, question=asked, kept=told.answers.get(asked.id, ""), guess=guess, language=_language())


def _go_on(application: Application) -> HttpResponse:
    following = queries.interview_of(application, utcnow()).next
    if following is None:
        return redirect("applications:trust", application.code)
    return redirect("applications:trust_question", application.code, following.id)


def _page(
    request: HttpRequest, application: Application, asked: Question, form: InterviewForm, conflict: Any = None
) -> HttpResponse:
    told = queries.interview_of(application, utcnow())
    found = rules_about(asked.id, told.rules)
    why = [
        (
            said(one.words, "title", _language()), article_in(_language(), one.article),
            said(told.rules.consequences[one.consequence], "text", _language()),
        )
        for one in found[:MOST_REASONS]
    ]  # fmt: skip
    context = {
        "application": application, "interview": told, "form": form, "why": why, "more": len(found) - len(why),
        "before": told.before(asked.id), "is_answered": asked.id in told.answers,
        "theirs": dict(Answer.choices).get(conflict.theirs, conflict.theirs) if conflict else "",
        "example": said(asked.words, "example", _language()),
    }  # fmt: skip
    return render(request, "applications/trust_question.html", context, status=conflict.status if conflict else 200)


@require_safe
def pdf(request: HttpRequest, code: str) -> HttpResponse:
    """What the rules say, as a document to keep: to what was handed in, or to a draft that is complete."""
    application = queries.application_of(signed_in(request), code)
    made, name = report_pdf(application, utcnow())
    return download(made, name, "application/pdf")
