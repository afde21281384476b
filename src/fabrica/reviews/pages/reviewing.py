"""An expert's pages: the invitation, what they know, the reviews they were asked for."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fabrica.applications.queries import summary_of
from fabrica.applications.queries.attachments import attachment_of, content_of
from fabrica.applications.services import SavedMeanwhile
from fabrica.kit.errors import NotFound, Problem, Refused
from fabrica.kit.paging import page_by, page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, rules, services
from fabrica.reviews.forms import ProfileForm, ReviewForm
from fabrica.reviews.models import Review
from fabrica.reviews.states import OPEN, Stage
from fabrica.web.downloads import download


def mine(request: HttpRequest) -> HttpResponse:
    """My reviews: a page of those that wait, one of those that are done; an invitation, where one waits."""
    person, now = signed_in(request), utcnow()
    reviews = queries.reviews_of(person)
    context = {
        "invitation": queries.invitation_for(person, now),
        "expert": queries.expert_of(person),
        "open": page_by(reviews.filter(stage__in=OPEN), "due_at", request.GET.get("open", "")),
        "done": page_of(reviews.exclude(stage__in=OPEN), request.GET.get("cursor", "")),
        "now": now,
    }
    return render(request, "reviews/mine.html", context)


def profile(request: HttpRequest) -> HttpResponse:
    """What I know; with an invitation, this joins the pool, and a button says no."""
    person, now = signed_in(request), utcnow()
    expert, invited = queries.expert_of(person), queries.invitation_for(person, now)
    if "decline" in request.POST:
        services.answer_invitation(by=person, now=now, profile=None)
        messages.success(request, _("Declined. Thank you for telling us."))
        return redirect("reviews:mine")
    form = ProfileForm(request.POST if request.method == "POST" else None, expert=expert, invited=invited)
    if form.is_valid():
        try:
            if expert is None:
                services.answer_invitation(by=person, now=now, profile=form.profile(), keeps_confidential=True)
            else:
                services.change_profile(profile=form.profile(), by=person, now=now)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved."))
            return redirect("reviews:mine")
    return render(request, "reviews/profile.html", {"form": form, "expert": expert, "invited": invited})


def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: asked, being written, or as it was handed in."""
    found = queries.review_of(signed_in(request), pk)
    if found.stage != Stage.WRITING:
        return _page(request, found, None)
    if request.method != "POST":
        return _page(request, found, ReviewForm(review=found))
    form = ReviewForm(request.POST, review=found)
    try:
        kept = _keep(request, found, form)
        if "submit" in request.POST and not form.errors:
            services.submit_review(review=kept, by=signed_in(request), now=utcnow())
            messages.success(request, _("Handed in. Thank you."))
            return redirect("reviews:mine")
    except Refused as problem:
        form.add_error(None, str(problem))
        found.refresh_from_db()
    if form.errors:
        form.go_on_from(found.draft_version)
        return _page(request, found, form)
    messages.success(request, _("Saved."))
    return redirect("reviews:review", pk)


@require_POST
def autosave(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was typed so far; answers with the version that the next save must carry."""
    found = queries.review_of(signed_in(request), pk)
    form = ReviewForm(request.POST, review=found)
    try:
        kept = _keep(request, found, form)
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": name, "message": " ".join(map(str, errors))} for name, errors in form.errors.items()]
    what = "; ".join(f"{form[one['path']].label}: {one['message']}" for one in fields)
    told = {"what": what, "fields": fields, "draft_version": kept.draft_version}
    return JsonResponse(told, status=422 if fields else 200)


@require_safe
def attachment(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """A file of the application, for the expert who took the review on."""
    found = queries.review_of(signed_in(request), pk)
    if not _is_read(found):
        raise NotFound(_("There is no such file for you to see."))
    file = attachment_of(found.evaluation.application, uid)
    return download(content_of(file), file.name)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it on without a conflict of interest, say no, or declare a conflict: the button says which."""
    person, now = signed_in(request), utcnow()
    found = queries.review_of(person, pk)
    acts = {"accept": services.accept, "decline": services.decline, "conflict": services.declare_conflict}
    chosen = acts.get(request.POST.get("answer", ""))
    if chosen is None:
        raise Refused(_("Press one of the buttons below the form."))
    chosen(review=found, by=person, now=now)
    if request.POST["answer"] == "accept":
        return redirect("reviews:review", pk)
    messages.success(request, _("The officers have been told. Thank you."))
    return redirect("reviews:mine")


def _keep(request: HttpRequest, found: Review, form: ReviewForm) -> Review:
    form.is_valid()
    data = form.cleaned_data
    if data.get("draft_version") is None:
        raise SavedMeanwhile
    return services.save_review(
        review=found, scores=form.scores(), comment=data.get("comment", found.comment),
        remark=data.get("remark", found.remark), by=signed_in(request), now=utcnow(), version=data["draft_version"],
    )  # fmt: skip


def _page(request: HttpRequest, found: Review, form: ReviewForm | None) -> HttpResponse:
    application, is_read = found.evaluation.application, _is_read(found)
    context = {
        "review": found,
        "application": application,
        "is_blind": found.evaluation.is_blind,
        "is_barred": found.stage == Stage.WRITING and not is_read,
        "parts": summary_of(application) if is_read else [],
        "form": form,
        "criteria": found.evaluation.criteria,
    }
    return render(request, "reviews/review.html", context)


def _is_read(found: Review) -> bool:
    """Whether its expert reads the application: once it was taken on, and while nothing ties them to who applies."""
    is_taken = found.stage in (Stage.WRITING, Stage.SUBMITTED)
    return is_taken and rules.may_review(found.reviewer, found.evaluation.application)
