"""What everybody reads on a version's page beyond its figures: what it is for, its verdicts, labels and documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.kit.time import utcnow
from fabrica.registry import comparing, readiness
from fabrica.registry.battery_rows import columns, figure, not_told, told
from fabrica.registry.engine.card import at
from fabrica.registry.engine.documents.finding import labels_of
from fabrica.registry.engine.documents.values import is_number
from fabrica.registry.engine.manifest import FACTS, MANIFEST, PUBLIC_KEY, SIGNATURE
from fabrica.registry.models import ModelVersion, Release, Step
from fabrica.registry.queries import documents_of, releases_of
from fabrica.registry.shown import UNKNOWN, facts_shown, file_url, known
from fabrica.registry.states import State
from fabrica.trust.engine.act.telling import labels_said
from fabrica.web.components import Column
from fabrica.web.words import size, when

Text = str | Promise | SafeString
OF_THE_SIGNATURE = (MANIFEST, SIGNATURE, PUBLIC_KEY)


@dataclass(frozen=True)
class Way:
    """How far a version is: its steps, which is next, and whether a published one has changes that wait."""

    items: list[readiness.Item]
    next: str
    must_justify: list[str]
    has_changes: bool
    sent_back: str


def page(version: ModelVersion, steps: Sequence[Step], *, can_download: bool, is_inside: bool) -> dict[str, Any]:
    """For the template of its page."""
    facts = facts_shown(version)
    seen = readiness.until_published(steps) if version.published_at else steps
    reviewed, evaluated = readiness.last(seen, State.REVIEWED), readiness.last(seen, State.EVALUATED)
    return {
        "about": _about(version, facts),
        "labels": _labels(facts),
        "trust": _trust(facts),
        "compute": _compute(facts),
        "battery_columns": columns(),
        "battery": told(facts),
        "not_told": not_told(facts),
        **comparing.page(version, facts, is_inside=is_inside),
        "reviewed_at": reviewed.at if reviewed else None,
        "justification": evaluated.text if evaluated else "",
        "document_columns": [Column(_("Document")), Column(_("Size"), numeric=True)],
        "releases": [(one, _documents(version, one, is_linked=can_download)) for one in releases_of(version)],
    }  # fmt: skip


def way(version: ModelVersion, steps: Sequence[Step]) -> Way:
    """For those who bring it to publication."""
    facts = readiness.facts_now(version)
    items = readiness.checklist(version, steps, facts)
    newest = next(iter(releases_of(version)), None)
    changed = version.state == State.PUBLISHED and (newest is None or newest.facts_sha256 != readiness.digest(facts))
    back = steps[-1].text if steps and steps[-1].after == State.REGISTERED else ""
    following = next((one.state for one in items if one.is_next), "")
    return Way(items, _after_a_change(steps, facts) if changed else following, readiness.must_justify(facts), changed,
               back)  # fmt: skip


def _after_a_change(steps: Sequence[Step], facts: dict[str, Any]) -> str:
    """The next step of a published version whose facts changed."""
    wanted = readiness.digest(facts)
    for state in (State.EVALUATED, State.REVIEWED):
        found = readiness.last(steps, state)
        if found is None or found.facts_sha256 != wanted:
            return state
    return State.PUBLISHED


def _labels(facts: dict[str, Any]) -> list[str]:
    """What the gate found to apply, in the reader's language."""
    found, language = sorted(labels_of(at(facts, "trust.labels"))), (get_language() or "en").partition("-")[0]
    return labels_said(str(at(facts, "trust.version")), found, language)


def _about(version: ModelVersion, facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    pairs: list[tuple[Text, Any]] = [
        (_("Made by"), at(facts, "project.organisation")),
        (_("For"), at(facts, "project.purpose")),
        (_("Intended use"), _joined(readiness.declared(facts, "intended_use"))),
        (_("Not for"), _joined(readiness.declared(facts, "out_of_scope"))),
        (_("Languages"), _joined(readiness.declared(facts, "languages"))),
        (_("Licence of the model"), _joined(readiness.declared(facts, "licence"))),
        (_("Known limits"), _joined(readiness.declared(facts, "limits"))),
    ]
    dated = [(_("Published"), when(version.published_at, utcnow()))] if version.published_at else []
    return [*((name, known(value)) for name, value in pairs), *dated]


def _joined(value: Any) -> str:
    """A value of the facts as text, a list as its parts; empty where it is neither."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None or isinstance(value, dict) else str(value)


def _trust(facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    if not isinstance(facts.get("trust"), dict):
        return []
    names = ((_("Decision of the gate"), "decision"), (_("Rules"), "version"), (_("As of"), "as_of"))
    return [(label, known(_joined(at(facts, f"trust.{name}")))) for label, name in names]


def _compute(facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    found = facts.get("compute")
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [(str(one.get("method", "")), _flop(one)) for one in rows]


def _flop(one: dict[str, Any]) -> Text:
    value, low, high = (one.get(name) for name in ("flop", "low", "high"))
    if not is_number(value):
        return UNKNOWN
    bounds = f" ({figure(low)} – {figure(high)})" if low is not None and high is not None else ""
    return f"{value:.2e} FLOP{bounds}. {_joined(one.get('how'))}".strip()


def _documents(version: ModelVersion, release: Release, *, is_linked: bool) -> list[list[Text]]:
    """The documents of a release: those one reads first, then facts and signature."""
    link = '<a href="{}" download>{}</a>'
    files = sorted(documents_of(release), key=lambda one: one.path.rpartition("/")[2] in (FACTS, *OF_THE_SIGNATURE))
    return [
        [
            format_html(link, file_url(version, one.path), one.path) if is_linked else one.path,
            size(one.size_bytes),
        ]
        for one in files
    ]
