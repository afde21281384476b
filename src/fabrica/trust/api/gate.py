"""The API of the gate: its questions, and what it would say."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Body, Router, Schema

from fabrica.trust.engine import gate
from fabrica.web.scopes import needs

router = Router()


class QuestionOut(Schema):
    """A question of the gate."""

    id: str
    question: str
    help: str
    ref: str
    expects: str


class ReasonOut(Schema):
    """Why the decision is not a plain yes."""

    rule: str
    question: str
    answer: str
    leads_to: str
    ref: str


class OutcomeOut(Schema):
    """What the gate says."""

    decision: str
    version: str
    reasons: list[ReasonOut]


@router.get("/trust/questions", response=list[QuestionOut])
@needs("read")
def questions(request: HttpRequest) -> Any:  # noqa: ARG001 - the questions are public
    """The questions every application answers, in the language that `Accept-Language` asks for."""
    return gate.questions(get_language())


@router.post("/trust/preview", response=OutcomeOut)
@needs("read")
def preview(request: HttpRequest, payload: Body[dict[str, str]]) -> Any:  # noqa: ARG001 - nothing is kept
    """What the gate would say to these answers; nothing is kept."""
    return gate.evaluate(payload).as_dict()
