"""The API of reviews."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from fabrica.applications.queries import application_of
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, rules, services
from fabrica.reviews.adapter.letters import write_to
from fabrica.reviews.api.schemas import (
    AnswerIn,
    AppealIn,
    AssessmentIn,
    AssessmentOut,
    EvaluationIn,
    ExpertPage,
    ExpertsIn,
    InviteIn,
    LinkIn,
    ProfileIn,
    ProposalOut,
    ReviewAnswerIn,
    ReviewIn,
    ReviewOut,
    ReviewPage,
    ReviewsOut,
    TextIn,
    WaitingPage,
)
from fabrica.reviews.models import Newcomer, TechnicalAssessment
from fabrica.reviews.services.experts import Profile
from fabrica.reviews.shown import shown_reviews
from fabrica.web.scopes import needs

router = Router(tags=["reviews"])


def _out(made: TechnicalAssessment, *, whole: bool) -> dict[str, Any]:
    return {
        "verdict": made.verdict,
        "comment": made.comment,
        "submitted_at": made.submitted_at,
        "gpu_seconds_recommended": made.gpu_seconds_recommended if whole else None,
        "assessor": made.assessor.name if whole else None,
    }


@router.get("/reviews/to-assess", response=WaitingPage)
@needs("read")
def to_assess(request: HttpRequest, cursor: str = "") -> Any:
    """What waits for my technical assessment."""
    return page_of(queries.to_assess(signed_in(request)), cursor)


@router.post("/applications/{code}/assessment", response={201: AssessmentOut})
@needs("decide")
def assess(request: HttpRequest, code: str, payload: AssessmentIn) -> Status[Any]:
    """Hand in my technical assessment."""
    person = signed_in(request)
    application = application_of(person, code)
    made = services.assess(application=application, by=person, now=utcnow(), **payload.dict())
    return Status(201, _out(made, whole=True))


@router.get("/applications/{code}/assessments", response=list[AssessmentOut])
@needs("read")
def assessments(request: HttpRequest, code: str) -> Any:
    """What I may read of its assessments."""
    person = signed_in(request)
    application = application_of(person, code)
    whole = rules.sees_assessor(person, application)
    return [_out(made, whole=whole) for made in queries.assessments_of(person, application)]


@router.get("/experts", response=ExpertPage)
@needs("read")
def experts(request: HttpRequest, cursor: str = "") -> Any:
    """The pool of experts; empty for others than officers."""
    return page_of(queries.pool(signed_in(request)), cursor)


@router.post("/experts/invitations", response={201: None})
@needs("decide")
def invite(request: HttpRequest, payload: InviteIn) -> Status[None]:
    """Invite somebody into the pool; who has no account here yet gets a letter."""
    made = services.invite(
        email=payload.email, fields=payload.fields_known, languages=payload.languages, by=signed_in(request),
        now=utcnow(),
    )  # fmt: skip
    if isinstance(made, Newcomer):
        write_to(made)
    return Status(201, None)


@router.post("/experts/links", response={201: None})
@needs("decide")
def link(request: HttpRequest, payload: LinkIn) -> Status[None]:
    """Note that two organisations belong together."""
    services.note_link(one=payload.one, other=payload.other, by=signed_in(request), now=utcnow())
    return Status(201, None)


def _profile(payload: ProfileIn) -> Profile:
    told = payload.dict()
    return Profile(**{("fields" if name == "fields_known" else name): value for name, value in told.items()})


@router.post("/me/expert/invitation", response={204: None})
@needs("account")
def answer_invitation(request: HttpRequest, payload: AnswerIn) -> Status[None]:
    """Join the pool, or decline."""
    profile = _profile(payload.profile) if payload.profile else None
    services.answer_invitation(
        by=signed_in(request), now=utcnow(), profile=profile, keeps_confidential=payload.keeps_confidential
    )
    return Status(204, None)


@router.put("/me/expert", response={204: None})
@needs("account")
def change_profile(request: HttpRequest, payload: ProfileIn) -> Status[None]:
    """Say anew what I know and how much I take."""
    services.change_profile(profile=_profile(payload), by=signed_in(request), now=utcnow())
    return Status(204, None)


@router.put("/applications/{code}/evaluation", response={204: None})
@needs("decide")
def open_evaluation(request: HttpRequest, code: str, payload: EvaluationIn) -> Status[None]:
    """Open its evaluation, or change it."""
    person = signed_in(request)
    services.open_evaluation(
        application=application_of(person, code), fields=payload.fields_wanted, language=payload.language,
        reviews=payload.reviews, is_blind=payload.is_blind, by=person, now=utcnow(),
    )  # fmt: skip
    return Status(204, None)


def _evaluation(request: HttpRequest, code: str) -> Any:
    person = signed_in(request)
    return queries.evaluation_for(person, application_of(person, code))


@router.get("/applications/{code}/evaluation/proposal", response=ProposalOut)
@needs("read")
def proposal(request: HttpRequest, code: str) -> dict[str, Any]:
    """Whom the engine proposes, and why each. 403 for who may not decide on it."""
    found = _evaluation(request, code)
    rules.must_decide(signed_in(request), found.application)
    made = queries.proposal_of(found)
    return {"missing": made.missing, "why": str(made.binds), "experts": made.rows}


@router.put("/applications/{code}/evaluation/experts", response={204: None})
@needs("decide")
def assign(request: HttpRequest, code: str, payload: ExpertsIn) -> Status[None]:
    """Say who reviews it; `reason` is needed for somebody with a conflict that only one side told."""
    found, person = _evaluation(request, code), signed_in(request)
    services.assign(evaluation=found, experts=payload.experts, reason=payload.reason, by=person, now=utcnow())
    return Status(204, None)


@router.post("/applications/{code}/evaluation/close", response={204: None})
@needs("decide")
def close_evaluation(request: HttpRequest, code: str) -> Status[None]:
    """End its evaluation when enough reviews are in."""
    services.close_evaluation(evaluation=_evaluation(request, code), by=signed_in(request), now=utcnow())
    return Status(204, None)


@router.get("/applications/{code}/reviews", response=ReviewsOut)
@needs("read")
def reviews(request: HttpRequest, code: str) -> dict[str, Any]:
    """Its reviews as I may read them: for who wrote it without names, once the evaluation is closed."""
    person, found = signed_in(request), _evaluation(request, code)
    shown = shown_reviews(found, queries.reviews_for(person, found.application))
    reply = queries.reply_of(found)
    rows = [{**vars(one), "scores": {each.id: each.score for each in one.scores}} for one in shown]
    sees_rank = rules.sees_reviews(person, found.application)
    return {
        "reply_until": found.reply_until, "reply": reply.text if reply else "",
        "rank": found.rank if sees_rank else None, "reviews": rows,
    }  # fmt: skip


@router.post("/applications/{code}/reviews/reply", response={201: None})
@needs("apply")
def reply(request: HttpRequest, code: str, payload: TextIn) -> Status[None]:
    """Answer the reviews of my application, once."""
    services.reply(evaluation=_evaluation(request, code), text=payload.text, by=signed_in(request), now=utcnow())
    return Status(201, None)


@router.post("/applications/{code}/decision/refuse", response={204: None})
@needs("decide")
def refuse(request: HttpRequest, code: str, payload: TextIn) -> Status[None]:
    """Say no after the assessment or the panel, with the reasons the applicant reads."""
    person, now = signed_in(request), utcnow()
    services.refuse(application=application_of(person, code), reason=payload.text, by=person, now=now)
    return Status(204, None)


@router.post("/applications/{code}/appeal/decision", response={204: None})
@needs("decide")
def decide_appeal(request: HttpRequest, code: str, payload: AppealIn) -> Status[None]:
    """Take it up again, or leave it refused."""
    person = signed_in(request)
    services.decide_appeal(application=application_of(person, code), by=person, now=utcnow(), **payload.dict())
    return Status(204, None)


@router.get("/reviews/mine", response=ReviewPage)
@needs("read")
def mine(request: HttpRequest, cursor: str = "") -> Any:
    """The reviews I was asked for."""
    return page_of(queries.reviews_of(signed_in(request)).order_by("-pk"), cursor)


@router.get("/reviews/{pk}", response=ReviewOut)
@needs("read")
def review(request: HttpRequest, pk: int) -> Any:
    """One of my reviews. 404 for others'."""
    return queries.review_of(signed_in(request), pk)


@router.put("/reviews/{pk}", response=ReviewOut)
@needs("decide")
def save_review(request: HttpRequest, pk: int, payload: ReviewIn) -> Any:
    """Keep my draft, complete or not."""
    person, told = signed_in(request), payload.dict()
    found, version = queries.review_of(person, pk), told.pop("draft_version")
    return services.save_review(review=found, by=person, now=utcnow(), version=version, **told)


@router.post("/reviews/{pk}/answer", response={204: None})
@needs("decide")
def answer_review(request: HttpRequest, pk: int, payload: ReviewAnswerIn) -> Status[None]:
    """Take it on, decline, declare a conflict of interest, or hand it in."""
    acts = {
        "accept": services.accept, "decline": services.decline, "conflict": services.declare_conflict,
        "submit": services.submit_review,
    }  # fmt: skip
    person = signed_in(request)
    acts[payload.answer](review=queries.review_of(person, pk), by=person, now=utcnow())
    return Status(204, None)
