"""The API of the gate: its questions, which of them matter now, and what it would say."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from ninja import Body, Router, Schema
from pydantic import Field, StrictFloat, StrictInt, StrictStr

from fabrica.trust.engine.act import evaluate, in_force, next_questions
from fabrica.trust.engine.act.answers import words_of
from fabrica.trust.engine.act.ruleset import ENGLISH
from fabrica.trust.engine.act.telling import as_dict, asking_as_dict, question_as_dict
from fabrica.web.scopes import needs

router = Router()
Answer = Annotated[StrictStr, Field(max_length=60)] | StrictInt | StrictFloat
Given = Annotated[dict[Annotated[str, Field(max_length=60)], Answer], Body(max_length=300)]


class QuestionOut(Schema):
    """A question; `answers` is what it takes, `usual` what most plain projects answer."""

    id: str
    question: str
    help: str
    example: str
    answers: str
    answered_by: str
    usual: str
    stands_for: list[str]


class AskingOut(Schema):
    """What can still matter, first things first."""

    ruleset_version: str
    questions: list[QuestionOut]
    left_at_most: int
    left_usually: int


class OutcomeOut(Schema):
    """What the gate says: the record that `fabrica trust assess --json` prints."""

    ruleset_version: str
    as_of: str
    answers: dict[str, str]
    decision: str
    labels: list[dict[str, Any]]
    possible_labels: list[dict[str, Any]]
    obligations: list[dict[str, Any]]
    path: list[dict[str, Any]]
    not_met: list[str]
    open_questions: list[str]
    notice: str


def _language() -> str:
    return (get_language() or ENGLISH).partition("-")[0]


@router.get("/trust/questions", response=list[QuestionOut])
@needs("read")
def questions(request: HttpRequest) -> Any:  # noqa: ARG001 - the questions are public
    """All questions of the rules in force, in the language that `Accept-Language` asks for."""
    rules = in_force(timezone.localdate())
    return [question_as_dict(one, _language()) for one in rules.questions.values()]


@router.post("/trust/next", response=AskingOut)
@needs("read")
def asked_next(request: HttpRequest, payload: Given) -> Any:  # noqa: ARG001 - nothing is kept
    """Which questions can still matter after these answers, and how many are left; nothing is kept."""
    day = timezone.localdate()
    return asking_as_dict(next_questions(_kept(payload), day), in_force(day), _language())


@router.post("/trust/preview", response=OutcomeOut)
@needs("read")
def preview(request: HttpRequest, payload: Given) -> Any:  # noqa: ARG001 - nothing is kept
    """What the gate would say to these answers, taking what is not answered as unsure; nothing is kept."""
    return as_dict(evaluate(_kept(payload), timezone.localdate()), _language())


def _kept(payload: dict[str, Any]) -> dict[str, str]:
    return {key: one for key, one in words_of(payload).items() if one is not None}
