"""Reading changes of a project's declared purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound, Refused
from fabrica.projects.models import Project
from fabrica.trust.engine import gate
from fabrica.trust.engine.act import in_force, next_questions
from fabrica.trust.engine.act.answers import facts_from
from fabrica.trust.engine.act.asking import APPLICANT
from fabrica.trust.engine.act.keeping import known, laid_over
from fabrica.trust.engine.act.ruleset import Question, RuleSet, said
from fabrica.trust.models import PurposeChange
from fabrica.trust.states import UNSETTLED, PurposeState

MOST_LETTERS = 60


@dataclass(frozen=True)
class Asked:
    """A question: its words, and the answer as it stands; empty where there is none yet."""

    key: str
    question: str
    answer: str
    is_number: bool
    hint: str = ""


def under_review(project: Project) -> PurposeChange | None:
    """The change of a project's purpose that is not settled yet."""
    rows = PurposeChange.objects.select_related("project__organisation", "assessment", "proposed_by")
    return rows.filter(project=project, state__in=UNSETTLED).first()


def open_change(project: Project) -> PurposeChange:
    """The change that is not settled yet. Raises NotFound."""
    found = under_review(project)
    if found is None:
        raise NotFound(_("No change of the purpose of %(project)s is under review.") % {"project": project})
    return found


def must_be_settled(project: Project) -> None:
    """Raises Refused while a change of the project's purpose is under review."""
    if PurposeChange.objects.filter(project=project, state__in=UNSETTLED).exists():
        raise Refused(
            _("The purpose of %s is under review, so nothing new is launched.") % project,
            why=_("Another purpose was declared, and the gate has not answered for it yet. What runs goes on."),
            todo=_("The principal investigator answers the gate on the project's page, or withdraws the change."),
        )


def changes_of(project: Project) -> QuerySet[PurposeChange]:
    """All changes of a project's purpose, newest first."""
    rows = PurposeChange.objects.select_related("proposed_by", "decided_by", "assessment")
    return rows.filter(project=project).order_by("-pk")


def referred() -> QuerySet[PurposeChange]:
    """The changes that a person is to decide, the oldest first."""
    rows = PurposeChange.objects.select_related("project__organisation", "assessment")
    return rows.filter(state=PurposeState.REFERRED).order_by("pk")


def answers_since(project: Project) -> Mapping[str, Any] | None:
    """What the gate was last told for this project since its award; None where its purpose never changed."""
    rows = PurposeChange.objects.filter(project=project, state=PurposeState.ACCEPTED, assessment__isnull=False)
    return rows.order_by("-pk").values_list("assessment__answers", flat=True).first()


def purpose_in_force(project_id: int, before: datetime | None = None) -> PurposeChange | None:
    """The change by which a project has the purpose it has, or had before a time; None where it never changed."""
    rows = PurposeChange.objects.filter(project=project_id, state=PurposeState.ACCEPTED, assessment__isnull=False)
    if before is not None:
        rows = rows.filter(decided_at__lte=before)
    return rows.select_related("assessment").order_by("-pk").first()


@dataclass(frozen=True)
class Anew:
    """The gate asked anew. `left`: questions that can still matter; `odd`: what was given to them and is no answer."""

    answers: Mapping[str, str]
    left: Sequence[Asked]
    told: Sequence[Asked]
    odd: Mapping[str, str]


def asked(answers: Mapping[str, Any], today: date) -> Sequence[Asked]:
    """The questions behind answers in the reader's language: of the first gate, or of the Act's rules in force."""
    first = {one.id: one.question for one in gate.questions(_language())}
    if set(answers) <= set(first):
        return [Asked(key, first[key], str(answer), is_number=False) for key, answer in answers.items()]
    rules = in_force(today)
    return [_asked(rules.questions[key], answer) for key, answer in known(answers, rules).items()]


def asked_anew(kept: Mapping[str, Any], given: Mapping[str, str], today: date) -> Anew:
    """The answers so far with those given now laid over them, and what has still to be asked because of them.

    Kept answers to the first gate's questions count for none: all is asked then.
    """
    rules = in_force(today)
    base = known(kept, rules)
    mine = [one for one in rules.questions.values() if one.answered_by == APPLICANT]
    told = {one.id: given.get(one.id, "").strip()[:MOST_LETTERS] for one in mine}
    fresh = {key: answer for key, answer in told.items() if answer and answer != base.get(key)}
    odd = {key: answer for key, answer in fresh.items() if not _is_answer(key, answer, today, rules)}
    answers = laid_over(base, {key: None if key in odd else answer for key, answer in fresh.items()}, rules)
    left = [_asked(one, odd.get(one.id, "")) for one in next_questions(answers, today, rules).questions]
    return Anew(answers, left, [_asked(one, answers[one.id]) for one in mine if one.id in answers], odd)


def _is_answer(key: str, answer: str, today: date, rules: RuleSet) -> bool:
    try:
        facts_from({key: answer}, today, rules)
    except Refused:
        return False
    return True


def _asked(one: Question, answer: str) -> Asked:
    question, hint = (said(one.words, name, _language()) for name in ("question", "help"))
    return Asked(one.id, question, answer, one.is_number, hint)


def _language() -> str:
    return (get_language() or "en").partition("-")[0]
