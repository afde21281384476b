"""How an impact assessment is shown beside something else: `{% load impact %}`."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from fabrica.people.queries import signed_in
from fabrica.projects.models import Project
from fabrica.projects.rules import works_in
from fabrica.trust.models import ImpactAssessment
from fabrica.trust.queries.impact import assessment_about, condition_of
from fabrica.trust.rules import can_read_impact, can_write_impact
from fabrica.trust.states import ImpactOutcome, ImpactState

register = template.Library()
TONES = {
    ImpactState.MISSING: "warning", ImpactState.BEGUN: "info", ImpactState.SIGNED: "good", ImpactState.CONSULT: "bad",
}  # fmt: skip
OUTCOMES = {
    ImpactOutcome.NOT_NEEDED: "neutral", ImpactOutcome.ACCEPTABLE: "good", ImpactOutcome.WITH_MEASURES: "info",
    ImpactOutcome.PRIOR_CONSULTATION: "bad",
}  # fmt: skip


@register.filter
def outcome_tone(outcome: str) -> str:
    """The tone of what an assessment concludes."""
    return OUTCOMES[ImpactOutcome(outcome)]


@register.filter
def impact_word(row: ImpactAssessment) -> str:
    """Missing, begun, signed with its version, or that a consultation is needed."""
    return _("Signed, version %d") % row.number if row.state is ImpactState.SIGNED else str(row.state.label)


@register.filter
def impact_tone(row: ImpactAssessment) -> str:
    """The tone of where it stands."""
    return TONES[row.state]


@register.inclusion_tag("trust/impact_about.html", takes_context=True)
def impact_about(context: template.Context, subject: str = "", project: Project | None = None) -> dict[str, Any]:
    """Where the impact assessment of a subject or project stands, with a link for who may read it.

    Nothing where none is owed; but who works in a project may begin one there.
    """
    person = signed_in(context["request"])
    row = assessment_about(subject=subject, project=project)
    if row is not None and not row.number and condition_of(row) is None:
        row = None  # what was owed was dropped
    begins = project.slug if row is None and project is not None and works_in(person, project) else ""
    reads = row is not None and can_read_impact(person, row)
    return {
        "row": row, "address": row.page if row is not None and reads else "", "begins": begins,
        "writes": row is not None and can_write_impact(person, row), "csrf_token": context.get("csrf_token"),
    }  # fmt: skip
