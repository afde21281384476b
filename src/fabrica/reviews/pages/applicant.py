"""The applicant's page: what experts wrote, and the one answer to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.applications import rules as application_rules
from fabrica.applications.queries import application_of
from fabrica.applications.states import State
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, services
from fabrica.reviews.forms import ReplyForm
from fabrica.reviews.shown import shown_reviews


def reviews(request: HttpRequest, code: str) -> HttpResponse:
    """The reviews without names, and a form while they can be answered."""
    person, now = signed_in(request), utcnow()
    application = application_of(person, code)
    if not application_rules.can_edit(person, application):
        raise NotFound(_("There are no reviews of this application for you to see."))
    found = queries.evaluation_for(person, application)
    found.application = application
    reply = queries.reply_of(found)
    until = found.reply_until
    may = application.state == State.EVALUATED and reply is None and until is not None and now <= until
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reply(evaluation=found, text=form.cleaned_data["text"], by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Sent. The panel reads it before it ranks."))
            return redirect("reviews:of_applicant", code)
    context = {
        "application": application,
        "evaluation": found,
        "reviews": shown_reviews(found, queries.reviews_for(person, application)),
        "assessments": list(queries.assessments_of(person, application)),
        "reply": reply,
        "form": form if may or form.errors else None,
    }
    return render(request, "reviews/of_applicant.html", context)
