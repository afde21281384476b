"""Assessed and reviewed applications, made by the services themselves."""

from datetime import datetime, timedelta
from typing import Any

from fabrica.applications.models import Application
from fabrica.applications.tests.factories import screened
from fabrica.calls.engine import rows
from fabrica.calls.models import Call
from fabrica.conftest import make_person
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews import services
from fabrica.reviews.models import Evaluation, Review
from fabrica.reviews.services.experts import Profile

COMMENT = "Four million parameters fit on one device."
HOURS = 60_000 * 3_600
SCORES = {"excellence": 4, "impact": 4, "quality": 4}


def assessed(cast, call: Call, now: datetime, verdict: str = "fit", **changes: object) -> Application:
    """One that waits for the officer; the assessor recommends what was asked for."""
    made = screened(cast, call, now, **changes)
    hours = 0 if verdict == "unfit" else made.gpu_seconds_requested
    services.assess(
        application=made, verdict=verdict, comment=COMMENT, gpu_seconds_recommended=hours, by=cast.assessor, now=now
    )
    made.refresh_from_db()
    return made


def large_call(machine: Any, now: datetime, slug: str = "large-scale") -> Call:
    """An open call of Large Scale, whose steps have experts and a panel."""
    return Call.objects.create(
        slug=slug, title="Large Scale 2026", machine=machine, mode_row=rows()["large-scale"],
        opens_at=now - timedelta(days=1),
    )  # fmt: skip


def large(cast, call: Call, now: datetime, **changes: object) -> Application:
    """One in Large Scale that was assessed and waits for experts."""
    return assessed(cast, call, now, **{"gpu_seconds_requested": HOURS, "months": 6, **changes})


def expert(cast, name: str, now: datetime, affiliation: str = "", fields=("code",), **profile: Any) -> Person:
    """Somebody who was invited into the pool and joined it."""
    person = make_person(name, now)
    services.invite(email=person.email, by=cast.officer, now=now)
    told = {
        "affiliation": affiliation or f"University of {name}",
        "fields": fields,
        "languages": ["en"],
        "most_reviews": 3,
    }
    services.answer_invitation(by=person, now=now, profile=Profile(**{**told, **profile}), keeps_confidential=True)
    return Person.objects.get(pk=person.pk)


def panel_member(now: datetime, name: str = "paula") -> Person:
    """A member of the panel."""
    return make_person(name, now, Role.PANEL)


def opened(cast, application: Application, now: datetime, **changes: Any) -> Evaluation:
    """Its evaluation, open."""
    told = {"fields": ["code"], "language": "en", "reviews": 2, "is_blind": False, **changes}
    return services.open_evaluation(application=application, by=cast.officer, now=now, **told)


def handed_in(review: Review, now: datetime, scores=None, comment: str = "Sound.", remark: str = "") -> Review:
    """A review, accepted, written and handed in by its expert."""
    by = review.reviewer
    services.accept(review=review, by=by, now=now)
    told = {"scores": scores or SCORES, "comment": comment, "remark": remark}
    services.save_review(review=review, by=by, now=now, **told)
    return services.submit_review(review=review, by=by, now=now)


def reviewed(cast, application: Application, experts, now: datetime, scores=(), **changes: Any) -> Evaluation:
    """One whose experts have handed in, and whose applicant may answer."""
    evaluation = opened(cast, application, now, reviews=len(experts), **changes)
    asked = services.assign(evaluation=evaluation, experts=[one.uid for one in experts], by=cast.officer, now=now)
    given = dict(zip([one.pk for one in experts], scores, strict=False))
    for one in asked:
        handed_in(one, now, given.get(one.reviewer_id))
    application.refresh_from_db()
    evaluation.refresh_from_db()
    made = services.close_evaluation(evaluation=evaluation, by=cast.officer, now=now)
    application.refresh_from_db()
    return Evaluation.objects.select_related("application__call__machine").get(pk=made.pk)
