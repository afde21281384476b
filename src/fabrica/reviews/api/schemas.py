"""What the API of reviews takes and gives."""

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from fabrica.applications.models import TEXT_LIMIT
from fabrica.applications.queries import handed_in
from fabrica.reviews.engine.criteria import MOST_REVIEWS
from fabrica.reviews.models import COMMENT_LIMIT, Review
from fabrica.reviews.services.experts import AFFILIATION_LIMIT, MOST_AT_A_TIME
from fabrica.reviews.states import Stage

READS = (Stage.WRITING, Stage.SUBMITTED)


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


class InviteIn(Schema):
    """Whom to invite into the pool; fields and languages are a proposal to who has no account yet."""

    email: str = Field(max_length=254)
    fields_known: list[str] = Field([], max_length=100)
    languages: list[str] = Field([], max_length=20)


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
    """My answer to an invitation; without a profile it is a no, with one I promise to keep what I read to myself."""

    profile: ProfileIn | None = None
    keeps_confidential: bool = False


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
    needs_reason: bool
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
    reason: str = Field(default="", max_length=3_000)


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
        return handed_in(review.evaluation.application) if review.stage in READS else None


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
