"""What pages of other contexts show of the board: conditions, questions, and what was found."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects.models import Project
from fabrica.trust.models import Condition
from fabrica.trust.queries.board import enquiries_about, standing_of
from fabrica.trust.queries.conditions import Step, blocking, conditions_of
from fabrica.trust.rules import can_give_evidence, can_read_condition
from fabrica.trust.states import Case, Finding, Met

register = template.Library()
TONES = {
    Met.OPEN: "warning", Met.EVIDENCE_GIVEN: "info", Met.CLOSING: "info", Met.WAIVING: "info", Met.CLOSED: "good",
    Met.WAIVED: "neutral", Met.DROPPED: "neutral",
}  # fmt: skip
CASE_TONES = {Case.OPEN: "info", Case.PROPOSED: "warning", Case.RELEASED: "good", Case.OVERTAKEN: "neutral"}
FOUND_TONES = {
    Finding.APPROVED: "good", Finding.APPROVED_WITH_CONDITIONS: "warning", Finding.NOT_APPROVED: "bad",
}  # fmt: skip


@register.filter
def met_tone(state: str) -> str:
    """The tone of a condition's state."""
    return TONES[Met(state)]


@register.filter
def case_tone(state: str) -> str:
    """The tone of a case's state."""
    return CASE_TONES[Case(state)]


@register.filter
def finding_tone(finding: str) -> str:
    """The tone of what the board found."""
    return FOUND_TONES[Finding(finding)]


@register.inclusion_tag("trust/owed.html", takes_context=True)
def owed(context: template.Context, subject: str = "", project: Project | None = None) -> dict[str, Any]:
    """What a subject or a project owes, as far as the reader may read it; nothing where there is nothing."""
    person, today = signed_in(context["request"]), timezone.localdate(utcnow())
    rows = [one for one in conditions_of(subject=subject, project=project) if can_read_condition(person, one)]
    return {"rows": [(one, one.said(get_language()), one.is_overdue(today)) for one in rows]}


@register.simple_tag(takes_context=True)
def owing(context: template.Context, subject: str) -> Condition | None:
    """The first condition that the award waits for, where it is the reader's turn to show how it is met."""
    person, rows = signed_in(context["request"]), blocking(step=Step.AWARD, subject=subject)
    return next((one for one in rows if one.state == Met.OPEN and can_give_evidence(person, one)), None)


@register.inclusion_tag("trust/asked.html", takes_context=True)
def asked(context: template.Context, subject: str) -> dict[str, Any]:
    """The board's questions to the reader's organisation about a subject, and what was found."""
    standing = standing_of(subject)
    return {
        "enquiries": enquiries_about(signed_in(context["request"]), subject) if standing else [],
        "standing": standing,
    }


@register.inclusion_tag("trust/found.html")
def found(subject: str) -> dict[str, Any]:
    """What the board says of a subject, for the officers' desk."""
    return {"standing": standing_of(subject)}
