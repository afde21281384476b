"""The API of reviews."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.applications.models import TEXT_LIMIT
from fabrica.applications.queries import application_of, values
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, rules, services
from fabrica.reviews.engine.criteria import MOST_REVIEWS
from fabrica.reviews.models import COMMENT_LIMIT, Review, TechnicalAssessment
from fabrica.reviews.services.experts import AFFILIATION_LIMIT, MOST_AT_A_TIME, Profile
from fabrica.reviews.shown import shown_reviews
from fabrica.reviews.states import Stage
from fabrica.web.scopes import needs

READS = (Stage.WRITING, Stage.SUBMITTED)
router = Router(tags=["reviews"])


class WaitingOut(Schema):
    """An application that waits for me."""

    code: str
    title: str
    organisation: str = Field(alias="organisation.name")
    gpu_seconds_requested: int
    months: int
    submitted_at: datetime
    due_on: date


class WaitingPage(Schema):
    """Some of them, newest first."""

    rows: list[WaitingOut]
    next_cursor: str


class AssessmentIn(Schema):
    """What I found."""

    verdict: Literal["fit", "fit_with_changes", "unfit"]
    comment: str = Field(max_length=COMMENT_LIMIT)
    gpu_seconds_recommended: int = Field(ge=0, le=10**12)
    has_conflict: bool = False


class AssessmentOut(Schema):
    """An assessment; who wrote it and what hours it recommends only for those who decide."""

    verdict: str
    comment: str
    submitted_at: datetime
    gpu_seconds_recommended: int | None
    assessor: str | None


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


class InviteIn(Schema):
    """Whom to invite into the pool."""

    email: str = Field(max_length=254)


class LinkIn(Schema):
    """Two organisations, by name, that belong together."""

    one: str = Field(max_length=160)
    other: str = Field(max_length=160)


class ProfileIn(Schema):
    """What I know as an expert and how much I take."""

    affiliation: str = Field(max_length=AFFILIATION_LIMIT)
    fields_known: list[str] = Field(max_length=100)
    languages: list[str] = Field(max_length=20)
    most_reviews: int = Field(ge=1, le=MOST_AT_A_TIME)
    orcid: str = Field("", max_length=19)
    is_available: bool = True


class AnswerIn(Schema):
    """My answer to an invitation; without a profile it is a no."""

    profile: ProfileIn | None = None


class ExpertOut(Schema):
    """An expert of the pool."""

    uid: str = Field(alias="person.uid")
    name: str = Field(alias="person.name")
    affiliation: str
    fields_known: list[str] = Field(alias="fields")
    languages: list[str]
    most_reviews: int
    orcid: str
    is_available: bool


class ExpertPage(Schema):
    """Some of the pool, newest first."""

    rows: list[ExpertOut]
    next_cursor: str


class EvaluationIn(Schema):
    """What experts must know, and how many review it."""

    fields_wanted: list[str] = Field(max_length=100)
    language: str = Field(max_length=5)
    reviews: int = Field(ge=1, le=MOST_REVIEWS)
    is_blind: bool = False


class PairOut(Schema):
    """An expert beside the application: whether proposed or asked, what speaks for and against, what is open."""

    uid: str
    name: str
    is_proposed: bool
    stage: str | None
    points: int
    fields_shared: dict[str, int] = Field(alias="pairing.fields")
    against: list[str] = Field(alias="pairing.against")
    open_reviews: int = Field(alias="load")
    most_reviews: int = Field(alias="most")


class ProposalOut(Schema):
    """Who should review it, and what is lacking."""

    missing: int
    why: str
    experts: list[PairOut]


class ExpertsIn(Schema):
    """Who reviews it: everybody, by uid; it is taken back from who is left out."""

    experts: list[str] = Field(max_length=MOST_REVIEWS)


class ReviewRow(Schema):
    """A review I was asked for."""

    id: int
    application: str = Field(alias="evaluation.application.code")
    title: str = Field(alias="evaluation.application.title")
    stage: str
    due_at: datetime


class ReviewPage(Schema):
    """Some of my reviews."""

    rows: list[ReviewRow]
    next_cursor: str


class ReviewOut(ReviewRow):
    """My review: its draft, and the application's answers once I declared that I have no conflict of interest."""

    scores: dict[str, int]
    comment: str
    remark: str
    draft_version: int
    answers: dict[str, Any] | None

    @staticmethod
    def resolve_answers(review: Review) -> dict[str, Any] | None:
        """What the applicant wrote, for who takes the review on."""
        return values(review.evaluation.application) if review.stage in READS else None


class ReviewIn(Schema):
    """My draft; a score for each criterion. `draft_version` is the one it was written on."""

    scores: dict[str, int] = Field(max_length=100)
    comment: str = Field("", max_length=COMMENT_LIMIT)
    remark: str = Field("", max_length=COMMENT_LIMIT)
    draft_version: int


class ReviewAnswerIn(Schema):
    """Whether I take it on (and have no conflict of interest), decline, have a conflict, or hand it in."""

    answer: Literal["accept", "decline", "conflict", "submit"]


class ShownOut(Schema):
    """A review that was handed in; name and remark are empty for the applicant."""

    name: str
    points: float
    scores: dict[str, int]
    comment: str
    remark: str


class ReviewsOut(Schema):
    """The reviews of an application as I may read them, and the applicant's answer."""

    reply_until: datetime | None
    reply: str
    rank: int | None
    reviews: list[ShownOut]


class TextIn(Schema):
    """What is said."""

    text: str = Field(max_length=TEXT_LIMIT)


class AppealIn(Schema):
    """Whether the appeal is granted, and why."""

    granted: bool
    reason: str = Field(max_length=TEXT_LIMIT)


@router.get("/experts", response=ExpertPage)
@needs("read")
def experts(request: HttpRequest, cursor: str = "") -> Any:
    """The pool of experts; empty for others than officers."""
    return page_of(queries.pool(signed_in(request)), cursor)


@router.post("/experts/invitations", response={201: None})
@needs("decide")
def invite(request: HttpRequest, payload: InviteIn) -> Status[None]:
    """Invite somebody into the pool."""
    services.invite(email=payload.email, by=signed_in(request), now=utcnow())
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
    services.answer_invitation(by=signed_in(request), now=utcnow(), profile=profile)
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
    told = {"language": payload.language, "reviews": payload.reviews, "is_blind": payload.is_blind}
    services.open_evaluation(
        application=application_of(person, code), fields=payload.fields_wanted, by=person, now=utcnow(), **told
    )
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
    """Say who reviews it."""
    found = _evaluation(request, code)
    services.assign(evaluation=found, experts=payload.experts, by=signed_in(request), now=utcnow())
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
