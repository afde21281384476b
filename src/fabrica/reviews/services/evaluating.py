"""The evaluation of an application: opened by an officer, given to experts, closed when their reviews are in."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications import queries as applications_read
from fabrica.applications import services as applications
from fabrica.applications.engine.clocks import until
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.audit.services import record
from fabrica.clusters.queries import calendar_of
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.reviews import rules
from fabrica.reviews.engine.criteria import MOST_REVIEWS
from fabrica.reviews.engine.criteria import fields as known_fields
from fabrica.reviews.models import Evaluation, Review
from fabrica.reviews.queries import Pooled, criteria_for, pairings_of
from fabrica.reviews.states import COUNTS, LANGUAGES, OPEN, Stage

MOST_REASON = 3_000
BARRED = (Stage.DECLINED, Stage.CONFLICTED)


@transaction.atomic
def open_evaluation(
    *, application: Application, fields: Collection[str], language: str, reviews: int, is_blind: bool, by: Person,
    now: datetime,
) -> Evaluation:  # fmt: skip
    """Say what experts must know and how many review it; also anew while it is open, but for blindness once asked.

    Raises NotAllowed for all but officers who may decide on it; Refused in another state or for bad input.
    """
    _must_run(by, application)
    if not fields or set(fields) - set(known_fields()) or language not in LANGUAGES:
        raise Refused(_("An evaluation needs a field and a language of the lists."))
    if not 1 <= reviews <= MOST_REVIEWS:
        raise Refused(_("An application has 1 to %(most)s reviews.") % {"most": MOST_REVIEWS})
    found = Evaluation.objects.select_for_update().filter(application=application).first()
    made = found or Evaluation(application=application, opened_at=now, criteria_row=criteria_for(application))
    if found and found.is_blind != is_blind and found.reviews.exists():
        raise Refused(_("Experts were asked already: whether it is blind stays as it is."))
    made.fields, made.language, made.reviews_wanted, made.is_blind = sorted(fields), language, reviews, is_blind
    made.save()
    record(
        verb="evaluation.open", by=by, subject=application.subject, now=now, reviews=reviews, is_blind=is_blind,
        criteria=made.criteria_row["version"],
    )  # fmt: skip
    return made


@transaction.atomic
def assign(
    *, evaluation: Evaluation, experts: Collection[str], by: Person, now: datetime, reason: str = ""
) -> list[Review]:
    """Let these persons (uids) review it: new ones are asked, and it is taken back from those left out.

    An officer may choose against field, language and load; with a reason, which is kept, also against a conflict that
    only the applicant or a third party told; never against another. Raises NotAllowed, Refused.
    """
    reason = reason.strip()
    if len(reason) > MOST_REASON:
        raise Refused(_("A reason is needed, of at most %(most)s letters.") % {"most": MOST_REASON})
    application = evaluation.application
    _must_run(by, application)
    _hold(evaluation)
    given = {one.reviewer.uid: one for one in evaluation.reviews.select_related("reviewer")}
    wanted = set(experts)
    found = {one.uid: one for one in pairings_of(evaluation)}
    _check_experts(found, wanted, given, reason)
    for uid, one in given.items():
        if uid not in wanted and one.stage in OPEN:
            _take_back(one, by, now)
    new = [uid for uid in sorted(wanted) if _is_new(given.get(uid))]
    return [_ask(evaluation, (found[uid], reason), given.get(uid), by, now) for uid in new]


def _is_new(given: Review | None) -> bool:
    return given is None or given.stage == Stage.TAKEN_BACK


def _check_experts(found: dict[str, Pooled], wanted: set[str], given: dict[str, Review], reason: str) -> None:
    for uid in sorted(wanted):
        if uid not in found:
            raise Refused(_("This person is not in the pool, or not available."))
        one = found[uid]
        if one.conflicts and _is_new(given.get(uid)):
            _check_conflict(one, reason)
        if uid in given and given[uid].stage in BARRED:
            raise Refused(_("%(name)s has said no to this review.") % {"name": one.name})
    if len(wanted) > MOST_REVIEWS:
        raise Refused(_("An application has 1 to %(most)s reviews.") % {"most": MOST_REVIEWS})


def _check_conflict(one: Pooled, reason: str) -> None:
    why = ", ".join(map(str, one.conflict_words))
    if one.bars:
        raise Refused(_("%(name)s has a conflict of interest in this application.") % {"name": one.name}, why=why)
    if not reason:
        todo = _("Look into it, and give a reason if you choose them all the same.")
        raise Refused(_("%(name)s may have a conflict of interest.") % {"name": one.name}, why=why, todo=todo)


def _take_back(review: Review, by: Person, now: datetime) -> None:
    Review.objects.filter(pk=review.pk, stage__in=OPEN).update(stage=Stage.TAKEN_BACK)
    told = {"reviewer": review.reviewer.uid}
    record(verb="review.take_back", by=by, subject=review.evaluation.application.subject, now=now, **told)


def _ask(
    evaluation: Evaluation, chosen: tuple[Pooled, str], before: Review | None, by: Person, now: datetime
) -> Review:
    """Ask somebody, who was chosen with a reason where there is a conflict that only one side told."""
    pair, reason = chosen
    application = evaluation.application
    due_at = until(calendar_of(application.call.machine.site), now, evaluation.criteria.days)
    made = before or Review(evaluation=evaluation, reviewer=pair.person, asked_at=now)
    told = pair.despite()
    made.stage, made.due_at, made.why = Stage.ASKED, due_at, pair.why() | ({"reason": reason} if told else {})
    made.save()
    facts = {"reviewer": pair.uid, "points": pair.points, **told}
    record(verb="review.ask", by=by, subject=application.subject, now=now, **facts)
    event, path = f"review:{made.pk}:asked:{now.isoformat()}", f"/reviewing/{made.pk}/"
    tell(
        person=pair.person, kind="review_asked", event=event, now=now, path=path, code=application.code,
        title=application.title, until=due_at,
    )  # fmt: skip
    return made


@transaction.atomic
def close_evaluation(*, evaluation: Evaluation, by: Person, now: datetime) -> Evaluation:
    """End it when enough reviews are in: the applicant may read and answer them, then the panel ranks.

    What is not handed in is taken back. Raises NotAllowed, Refused.
    """
    application = evaluation.application
    _must_run(by, application)
    evaluation = _hold(evaluation)
    counts = [one.stage for one in evaluation.reviews.filter(stage__in=COUNTS)]
    if counts.count(Stage.SUBMITTED) < evaluation.reviews_wanted:
        raise Refused(
            _("%(in)s of %(wanted)s reviews are handed in.")
            % {"in": counts.count(Stage.SUBMITTED), "wanted": evaluation.reviews_wanted},
            todo=_("Wait, ask another expert, or ask for fewer reviews."),
        )
    for one in evaluation.reviews.filter(stage__in=OPEN).select_related("reviewer", "evaluation__application"):
        _take_back(one, by, now)
    moved = applications.mark_evaluated(application=application, by=by, now=now)
    evaluation.application = moved
    evaluation.closed_at, evaluation.reply_until = now, applications_read.reply_until(application, now)
    evaluation.save(update_fields=["closed_at", "reply_until"])
    _tell_closed(moved, evaluation, now)
    return evaluation


def _tell_closed(application: Application, evaluation: Evaluation, now: datetime) -> None:
    event, path = f"{application.subject}:evaluated", f"/applications/{application.code}/reviews/"
    facts: dict[str, Any] = {"application": application, "until": evaluation.reply_until, "now": now}
    tell(person=application.applicant, kind="review_reply", event=event, path=path, **facts)
    for member in with_role(Role.PANEL):
        if rules.can_rank(member, evaluation):
            event, path = f"{application.subject}:to-rank", f"/panel/{application.call.slug}/"
            tell(person=member, kind="review_to_rank", event=event, path=path, **facts)


def _hold(evaluation: Evaluation) -> Evaluation:
    """Lock the application first, as who writes a review of it does, then its evaluation."""
    Application.objects.select_for_update().get(pk=evaluation.application_id)
    return Evaluation.objects.select_for_update().get(pk=evaluation.pk)


def _must_run(by: Person, application: Application) -> None:
    rules.must_be_free(by, application)
    if not rules.can_decide(by, application):
        raise NotAllowed(
            _("Only an officer who neither works for the organisation nor judged its application runs its evaluation.")
        )
    if not application.has_experts:
        raise Refused(_("The steps of this mode have no review by experts."))
    if application.state != State.ASSESSED:
        raise Refused(
            _("%(code)s is not with the experts.") % {"code": application.code},
            why=_("It is %(state)s.") % {"state": State(application.state).label.lower()},
            todo=_("Reload the page."),
        )
