"""What an expert does with a review they were asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fabrica.applications.engine.extra import said_in
from fabrica.applications.models import Application
from fabrica.applications.services import SavedMeanwhile
from fabrica.applications.states import State
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.reviews import rules
from fabrica.reviews.engine.criteria import Criteria
from fabrica.reviews.models import COMMENT_LIMIT, Review
from fabrica.reviews.states import OPEN, Stage


@transaction.atomic
def accept(*, review: Review, by: Person, now: datetime) -> Review:
    """Take it on, and declare that there is no conflict of interest. Raises NotAllowed, Refused."""
    must_be_mine(review, by)
    _must_be_outside(review, by)
    if review.evaluation.application.state != State.ASSESSED:
        raise Refused(_("This application is no longer with the experts."))
    return _to(review, (Stage.ASKED,), Stage.WRITING, verb="review.accept", by=by, now=now, declared_at=now)


def _must_be_outside(review: Review, by: Person) -> None:
    if not rules.may_review(by, review.evaluation.application):
        raise NotAllowed(_("You have a conflict of interest in this application."), todo=_("Say so instead."))


@transaction.atomic
def decline(*, review: Review, by: Person, now: datetime) -> Review:
    """Say no for another reason than a conflict; the officers are told. Raises NotAllowed, Refused."""
    must_be_mine(review, by)
    made = _to(review, OPEN, Stage.DECLINED, verb="review.decline", by=by, now=now)
    _tell_officers(made, "review_declined", f"review:{review.pk}:declined", now)
    return made


def open_reviews(by: Person, organisation: Organisation) -> list[Review]:
    """Those that one was asked for or writes, of what an organisation applies for."""
    rows = Review.objects.select_related("evaluation__application").filter(reviewer=by, stage__in=OPEN)
    return list(rows.filter(evaluation__application__organisation=organisation).order_by("pk"))


def end_conflicted(review: Review, by: Person, now: datetime) -> Review:
    """End it for a conflict of interest; what was written is deleted, and the officers are told."""
    changes: dict[str, Any] = {"scores": {}, "comment": "", "remark": ""}
    made = _to(review, OPEN, Stage.CONFLICTED, verb="review.conflict", by=by, now=now, **changes)
    _tell_officers(made, "review_declined", f"review:{review.pk}:declined", now)
    return made


@transaction.atomic
def save_review(
    *, review: Review, scores: Mapping[str, int], comment: str, remark: str, by: Person, now: datetime,
    version: int | None = None,
) -> Review:  # fmt: skip
    """Keep a draft, complete or not. Raises NotAllowed, SavedMeanwhile where another window saved since; Refused."""
    must_be_mine(review, by)
    _check_scores(scores, review.evaluation.criteria)
    if len(comment) > COMMENT_LIMIT or len(remark) > COMMENT_LIMIT:
        raise Refused(_("A comment has at most %(most)s letters.") % {"most": COMMENT_LIMIT})
    fresh = _writable(review)
    if version is not None and fresh.draft_version != version:
        raise SavedMeanwhile
    Review.objects.filter(pk=review.pk).update(
        scores=dict(scores), comment=comment, remark=remark, saved_at=now, draft_version=F("draft_version") + 1
    )
    review.refresh_from_db()
    return review


@transaction.atomic
def submit_review(*, review: Review, by: Person, now: datetime) -> Review:
    """Hand it in, complete; it stays as it is. Officers learn when the last is in. Raises NotAllowed, Refused."""
    must_be_mine(review, by)
    _must_be_outside(review, by)
    fresh = _writable(review)
    missing = [said_in(one.label) for one in fresh.evaluation.criteria.each if one.id not in fresh.scores]
    if missing or not fresh.comment.strip():
        why = ", ".join([*missing, *([] if fresh.comment.strip() else [str(_("comment"))])])
        raise Refused(_("The review is not complete yet."), why=why)
    made = _to(fresh, (Stage.WRITING,), Stage.SUBMITTED, verb="review.submit", by=by, now=now, submitted_at=now)
    handed_in = Review.objects.filter(evaluation=fresh.evaluation, stage=Stage.SUBMITTED).count()
    if handed_in == fresh.evaluation.reviews_wanted:
        _tell_officers(made, "reviews_in", f"{fresh.evaluation.application.subject}:reviews-in", now)
    return made


def _check_scores(scores: Mapping[str, int], criteria: Criteria) -> None:
    known = {one.id: one for one in criteria.each}
    if set(scores) - set(known):
        raise Refused(_("There is no such criterion."), todo=", ".join(known))
    for name, score in scores.items():
        one = known[name]
        if type(score) is not int or not one.low <= score <= one.high:
            told = {"low": one.low, "high": one.high}
            raise Refused(_("A score is a whole number from %(low)s to %(high)s.") % told)


def _writable(review: Review) -> Review:
    """The row as it is now, locked; the application too, so that nothing is written once it was closed."""
    application = Application.objects.select_for_update().get(pk=review.evaluation.application_id)
    fresh = Review.objects.select_for_update(of=("self",)).select_related("evaluation").get(pk=review.pk)
    if application.state != State.ASSESSED or fresh.stage != Stage.WRITING:
        raise Refused(
            _("This review cannot be changed now."),
            why=str(Stage(fresh.stage).label),
            todo=_("See your other reviews."),
        )
    return fresh


def _to(
    review: Review, before: tuple[Stage, ...], after: Stage, *, verb: str, by: Person, now: datetime, **fields: Any
) -> Review:
    """The one place where the stage of a review changes by its expert's hand: compare-and-set, audit."""
    if not Review.objects.filter(pk=review.pk, stage__in=before).update(stage=after, **fields):
        raise Refused(_("This cannot be done with this review any more."), todo=_("Reload the page."))
    record(verb=verb, by=by, subject=review.evaluation.application.subject, now=now, review=review.pk)
    review.refresh_from_db()
    return review


def must_be_mine(review: Review, by: Person) -> None:
    """Raises NotAllowed for all but its expert."""
    if review.reviewer_id != by.pk:
        raise NotAllowed(_("This review is not yours."))


def _tell_officers(review: Review, kind: str, event: str, now: datetime) -> None:
    application = review.evaluation.application
    for officer in with_role(Role.OFFICER):
        if rules.can_decide(officer, application):
            path = f"/evaluations/{application.code}/"
            tell(person=officer, kind=kind, event=event, now=now, path=path, application=application)
