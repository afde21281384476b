"""How an application and its gate are shown: `{% load applications %}`."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from fabrica.applications.engine.interview import Interview
from fabrica.applications.engine.report import report
from fabrica.applications.models import Application
from fabrica.applications.queries.attachments import attachments_of
from fabrica.applications.states import State
from fabrica.trust.engine import gate
from fabrica.trust.models import Assessment
from fabrica.trust.states import Decision
from fabrica.web.templatetags.web import badge

register = template.Library()

STATE_TONES = {
    State.DRAFT: "neutral", State.WITHDRAWN: "neutral", State.DECLINED: "neutral", State.OFFERED: "warning",
    State.RETURNED: "warning", State.AWARDED: "good", State.REFUSED: "bad",
}  # fmt: skip
DECISION_TONES = {Decision.ACCEPT: "good", Decision.REJECT: "bad"}


@register.simple_tag
def state_badge(application: Application) -> SafeString:
    """Where an application stands."""
    state = State(application.state)
    return badge(state.label, STATE_TONES.get(state, "info"))


@register.simple_tag
def gate_badge(decision: str) -> SafeString:
    """What the gate decided."""
    found = Decision(decision)
    return badge(found.label, DECISION_TONES.get(found, "warning"))


@register.inclusion_tag("applications/attachments.html")
def attached(application: Application, review: int = 0) -> dict[str, Any]:
    """The files of an application, for who may read it; with the key of a review, for the expert who writes it."""
    return {"application": application, "attachments": attachments_of(application), "review": review}


@register.inclusion_tag("applications/gate.html")
def gate_kept(assessment: Assessment) -> dict[str, Any]:
    """What the gate said, as it was decided then, in the reader's language."""
    told = {"decision": assessment.decision, "version": assessment.version}
    if assessment.is_of_first_gate:
        return {**told, "reasons": gate.translated(assessment.reasons, get_language())}
    return {**told, "report": report(assessment.record_in((get_language() or "en").partition("-")[0]))}


@register.inclusion_tag("applications/gate.html")
def gate_told(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """What the gate says to answers that were not handed in yet."""
    return {"decision": outcome["decision"], "version": outcome["ruleset_version"], "report": report(outcome)}


@register.inclusion_tag("applications/trust_progress.html")
def trust_progress(interview: Interview) -> dict[str, Any]:
    """How many trust questions are answered, and how many are left."""
    return {"answered": len(interview.answers), "total": interview.total, "asking": interview.asking}
