"""Evaluations and reviews: of one's own, of an application one decides on, of an application one wrote."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fabrica.applications import rules as application_rules
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.reviews import rules
from fabrica.reviews.engine.criteria import criteria_row
from fabrica.reviews.models import Evaluation, Outcome, Reply, Review
from fabrica.reviews.states import OPEN, Stage

ROWS = ("evaluation__application__call__machine__site", "evaluation__application__organisation", "reviewer")


def criteria_for(application: Application) -> dict[str, Any]:
    """The criteria that an evaluation opened now would keep: of the site's own file where it names one, else ours."""
    return criteria_row(application.call.mode.key, settings.FABRICA_CRITERIA)


def evaluation_of(application: Application) -> Evaluation | None:
    """How it is reviewed, if it was opened. For services and those who were let in already."""
    return Evaluation.objects.filter(application=application).first()


def evaluation_for(person: Person, application: Application) -> Evaluation:
    """How it is reviewed, for who decides on it or ranks it, or once it is closed for who wrote it.

    Raises NotFound, also for others.
    """
    found = Evaluation.objects.select_related("application__organisation", "application__call").filter(
        application=application
    )
    made = found.first()
    shown = made is not None and made.closed_at is not None and application_rules.can_edit(person, application)
    if made is None or not (shown or rules.sees_reviews(person, application)):
        raise NotFound(_("There are no reviews of this application for you to see."))
    return made


def reviews_of(person: Person) -> QuerySet[Review]:
    """The reviews the person was asked for, the most urgent first; nobody else's."""
    return Review.objects.select_related(*ROWS).filter(reviewer=person).order_by("due_at", "pk")


def to_write(person: Person) -> QuerySet[Review]:
    """Those that wait for the person: asked for or begun, of applications that are still with the experts."""
    return reviews_of(person).filter(stage__in=OPEN, evaluation__application__state=State.ASSESSED)


def review_of(person: Person, pk: int) -> Review:
    """One of the person's reviews. Raises NotFound, also for others'."""
    found = reviews_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such review among yours."), todo=_("See your reviews."))
    return found


def reviews_for(person: Person, application: Application) -> Sequence[Review]:
    """The reviews of an application that were handed in, as far as the person may read them.

    Whole for who decides or ranks; without names and remarks for who wrote the application, once the evaluation is
    closed; none for others, nor for who reviewed it.
    """
    rows = Review.objects.select_related("reviewer", "evaluation").filter(evaluation__application=application)
    handed_in = rows.filter(stage=Stage.SUBMITTED).order_by("pk")
    if rules.sees_reviews(person, application):
        return list(handed_in)
    if application_rules.can_edit(person, application):
        mine = handed_in.filter(evaluation__closed_at__isnull=False).defer("remark", "why")
        return [_nameless(one) for one in mine]
    return []


def _nameless(one: Review) -> Review:
    """The same without what the applicant is never told: whatever shows it cannot tell either."""
    one.reviewer, one.remark, one.why = Person(), "", {}
    return one


def reply_of(evaluation: Evaluation) -> Reply | None:
    """The applicant's answer to the reviews."""
    return Reply.objects.filter(evaluation=evaluation).first()


def outcome_of(application: Application) -> Outcome | None:
    """The newest decision. For those who may see the application."""
    rows = Outcome.objects.select_related("machine").filter(application=application)
    return rows.order_by("-at", "-pk").first()
