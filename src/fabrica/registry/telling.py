"""What everybody reads on a version's page beyond its figures: what it is for, its verdicts, labels and documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.evaluation.battery.result import Verdict
from fabrica.kit.time import utcnow
from fabrica.registry import readiness
from fabrica.registry.engine.card import at
from fabrica.registry.engine.documents.card import RESULTS_AT_MOST
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
VERDICTS: dict[str, tuple[Text, str]] = {
    Verdict.PASS: (_("pass"), "good"), Verdict.WARN: (_("warning"), "warning"), Verdict.FAIL: (_("fail"), "bad"),
    Verdict.NOT_RUN: (_("not run"), "neutral"),
}  # fmt: skip
PROBES: dict[str, Text] = {
    "held_out": _("Held-out text"), "memorisation": _("Memorisation"), "membership": _("Membership"),
    "contamination": _("Contamination"), "robustness": _("Robustness"), "bias": _("Bias"),
    "personal": _("Personal data"), "toxicity": _("Abusive words"), "energy": _("Energy"),
}  # fmt: skip
OF_THE_SIGNATURE = (MANIFEST, SIGNATURE, PUBLIC_KEY)
MOST_FLOATS = 4


@dataclass(frozen=True)
class Way:
    """How far a version is: its steps, which is next, and whether a published one has changes that wait."""

    items: list[readiness.Item]
    next: str
    must_justify: list[str]
    has_changes: bool
    sent_back: str


def page(version: ModelVersion, steps: Sequence[Step], *, can_download: bool) -> dict[str, Any]:
    """For the template of its page."""
    facts = facts_shown(version)
    told = readiness.until_published(steps) if version.published_at else steps
    reviewed, evaluated = readiness.last(told, State.REVIEWED), readiness.last(told, State.EVALUATED)
    return {
        "about": _about(version, facts),
        "labels": _labels(facts),
        "trust": _trust(facts),
        "compute": _compute(facts),
        "battery_columns": [
            Column(_("Probe")), Column(_("Figure")), Column(_("Value")),
            Column(_("Untrained or baseline"), numeric=True), Column(_("Threshold")), Column(_("Verdict")),
        ],
        "battery": _battery(facts),
        "not_told": _not_told(facts),
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
    bounds = f" ({_figure(low)} – {_figure(high)})" if low is not None and high is not None else ""
    return f"{value:.2e} FLOP{bounds}. {_joined(one.get('how'))}".strip()


def _battery(facts: dict[str, Any]) -> list[list[Any]]:
    found = readiness.results(facts)[:RESULTS_AT_MOST]
    return [_result(one) for one in found if one.get("verdict") != Verdict.NOT_RUN]


def _not_told(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What the battery could not tell: why, and the figures that this is said of."""
    names: dict[str, list[str]] = {}
    for one in readiness.results(facts)[:RESULTS_AT_MOST]:
        if one.get("verdict") == Verdict.NOT_RUN:
            told = f"{_probe(one)}: {one.get('name', '')}"
            names.setdefault(str(one.get("note") or UNKNOWN), []).append(told)
    return [(why, ", ".join(told)) for why, told in names.items()]


def _result(one: dict[str, Any]) -> list[Any]:
    """A figure of the battery as a row."""
    low, high = one.get("low"), one.get("high")
    bounds = f"{_figure(low)} – {_figure(high)}" if low is not None and high is not None else ""
    word, tone = VERDICTS.get(str(one.get("verdict")), (UNKNOWN, "neutral"))
    badge = format_html('<strong class="badge tone-{}">{}</strong>', tone, word)
    name = one.get("name", "")
    figure = format_html('{}<br><span class="quiet">{}</span>', name, one["note"]) if one.get("note") else name
    told = format_html('{} {}<br><span class="quiet">{}</span>', _figure(one.get("value")), one.get("unit", ""), bounds)
    value = "–" if one.get("value") is None else told
    return [
        _probe(one), figure, value, _figure(one.get("baseline")), one.get("threshold") or "–", badge,
    ]  # fmt: skip


def _probe(one: dict[str, Any]) -> str:
    return str(PROBES.get(str(one.get("probe")), one.get("probe", "")))


def _figure(value: Any) -> str:
    if not is_number(value):
        return "–"
    return f"{value:.{MOST_FLOATS}g}"


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
