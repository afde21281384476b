"""Reading changes of a project's declared purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound, Refused
from fabrica.projects.models import Project
from fabrica.trust.engine import gate
from fabrica.trust.engine.act.ruleset import said
from fabrica.trust.engine.act.versions import in_force
from fabrica.trust.models import PurposeChange
from fabrica.trust.states import UNSETTLED, PurposeState

MOST_LETTERS = 60


@dataclass(frozen=True)
class Asked:
    """A question that was answered before: its words, and the answer as it stands."""

    key: str
    question: str
    answer: str
    is_number: bool


def under_review(project: Project) -> PurposeChange | None:
    """The change of a project's purpose that is not settled yet."""
    rows = PurposeChange.objects.select_related("project__organisation", "assessment", "proposed_by")
    return rows.filter(project=project, state__in=UNSETTLED).first()


def open_change(project: Project) -> PurposeChange:
    """The change that is not settled yet. Raises NotFound."""
    found = under_review(project)
    if found is None:
        raise NotFound(f"No change of the purpose of {project} is under review.")
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


def asked(answers: Mapping[str, Any], today: date) -> Sequence[Asked]:
    """The questions behind answers in the reader's language: of the first gate, or of the Act's rules in force."""
    language = (get_language() or "en")[:2]
    first = {one.id: one.question for one in gate.questions(language)}
    if set(answers) <= set(first):
        return [Asked(key, first[key], str(answer), is_number=False) for key, answer in answers.items()]
    known = in_force(today).questions
    return [
        Asked(key, said(known[key].words, "question", language), str(answer), known[key].is_number)
        for key, answer in answers.items()
        if key in known
    ]


def changed(answers: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The answers, with those that were given again; nothing that was not answered before is taken."""
    return {key: given.get(key, "").strip()[:MOST_LETTERS] or answer for key, answer in answers.items()}
