"""The figures of a battery as rows of a page, in the reader's language."""

from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from fabrica.evaluation.battery.result import Verdict
from fabrica.registry import readiness
from fabrica.registry.battery_words import said
from fabrica.registry.engine.documents.card import RESULTS_AT_MOST
from fabrica.registry.engine.documents.values import is_number
from fabrica.registry.shown import UNKNOWN
from fabrica.web.components import Column

Text = str | Promise | SafeString
VERDICTS: dict[str, tuple[Text, str]] = {
    Verdict.PASS: (_("pass"), "good"), Verdict.WARN: (_("warning"), "warning"), Verdict.FAIL: (_("fail"), "bad"),
    Verdict.NOT_RUN: (_("not run"), "neutral"), Verdict.TOLD: (_("not judged"), "neutral"),
}  # fmt: skip
PROBES: dict[str, Text] = {
    "held_out": _("Held-out text"), "memorisation": _("Memorisation"), "membership": _("Membership"),
    "contamination": _("Contamination"), "robustness": _("Robustness"), "bias": _("Bias"),
    "personal": _("Personal data"), "toxicity": _("Abusive words"), "energy": _("Energy"),
}  # fmt: skip
MOST_FLOATS = 4


def columns() -> list[Column]:
    """The columns of the rows of `told`."""
    return [
        Column(_("Probe")), Column(_("Figure")), Column(_("Value")),
        Column(_("Untrained or baseline"), numeric=True), Column(_("Threshold")), Column(_("Verdict")),
    ]  # fmt: skip


def told(facts: dict[str, Any]) -> list[list[Any]]:
    """What the battery could tell, a row for each figure."""
    found = readiness.results(facts)[:RESULTS_AT_MOST]
    return [_row(one) for one in found if one.get("verdict") != Verdict.NOT_RUN]


def not_told(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What the battery could not tell: why, and the figures that this is said of."""
    names: dict[str, list[str]] = {}
    for one in readiness.results(facts)[:RESULTS_AT_MOST]:
        if one.get("verdict") == Verdict.NOT_RUN:
            named = f"{probe_of(one)}: {said(one.get('name', ''))}"
            names.setdefault(said(one.get("note") or UNKNOWN), []).append(named)
    return [(why, ", ".join(every)) for why, every in names.items()]


def _row(one: dict[str, Any]) -> list[Any]:
    name = said(one.get("name", ""))
    noted = '<span>{}<br><span class="quiet">{}</span></span>'  # one thing in its cell, also on a telephone
    named = format_html(noted, name, said(one["note"])) if one.get("note") else name
    baseline, threshold = figure(one.get("baseline")), said(one.get("threshold") or "–")
    return [probe_of(one), named, value_of(one), baseline, threshold, badge_of(one)]


def value_of(one: dict[str, Any]) -> Text:
    """A figure with its unit and interval."""
    if one.get("value") is None:
        return "–"
    low, high = one.get("low"), one.get("high")
    bounds = f"{figure(low)} – {figure(high)}" if low is not None and high is not None else ""
    unit = said(one.get("unit", ""))
    told = '<span>{} {}<br><span class="quiet">{}</span></span>'
    return format_html(told, figure(one.get("value")), unit, bounds)


def badge_of(one: dict[str, Any]) -> SafeString:
    """Its verdict, in a word and a colour."""
    word, tone = VERDICTS.get(str(one.get("verdict")), (UNKNOWN, "neutral"))
    return format_html('<strong class="badge tone-{}">{}</strong>', tone, word)


def probe_of(one: dict[str, Any]) -> str:
    """What its probe is called."""
    return str(PROBES.get(str(one.get("probe")), one.get("probe", "")))


def figure(value: Any) -> str:
    """A number with four digits that matter; a dash where it is none."""
    return f"{value:.{MOST_FLOATS}g}" if is_number(value) else "–"
