"""How an application and its gate are shown: `{% load applications %}`."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from fabrica.applications.models import Application
from fabrica.applications.queries import attachments_of
from fabrica.applications.states import State
from fabrica.trust.engine import gate
from fabrica.trust.states import Decision
from fabrica.web.fields import target_of
from fabrica.web.templatetags.web import badge

register = template.Library()
register.filter("target", target_of)

STATE_TONES = {
    State.DRAFT: "neutral", State.WITHDRAWN: "neutral", State.RETURNED: "warning", State.AWARDED: "good",
    State.REFUSED: "bad",
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


@register.filter
def in_words(reasons: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """The gate's reasons in the reader's language."""
    return gate.translated(reasons, get_language())
