"""The evaluations of a version side by side: which there are, which counts, and what it told before and tells now."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fabrica.evaluation.battery.report import to_html
from fabrica.evaluation.battery.result import Verdict
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.registry import queries, readiness
from fabrica.registry.battery_rows import VERDICTS, badge_of, probe_of, value_of
from fabrica.registry.battery_words import said
from fabrica.registry.engine.card import at
from fabrica.registry.engine.documents.card import RESULTS_AT_MOST
from fabrica.registry.measured import FIRST, before_it, every_of
from fabrica.registry.models import Measurement, ModelVersion
from fabrica.registry.shown import facts_shown
from fabrica.registry.states import MeasurementState
from fabrica.web.components import Column
from fabrica.web.words import when

Text = str | Promise | SafeString


def page(version: ModelVersion, facts: dict[str, Any], *, is_inside: bool) -> dict[str, Any]:
    """For the template of its page. `facts` are those that are shown: of a published version its newest release's.

    Who sees inside reads of evaluations that no release has taken in yet, others only that there are some.
    """
    current = readiness.facts_now(version) if is_inside else facts
    history = _history(current)
    open_ones = list(queries.measurements_of(version).exclude(state=MeasurementState.TAKEN_IN)) if is_inside else []
    counts = at(current, "battery.counts")
    return {
        "evaluation_columns": [
            Column(_("Evaluation")), Column(_("When")), Column(_("Battery"), numeric=True), Column(_("Profile")),
            Column(_("Text")), Column(_("Verdicts")), Column(_("Report")),
        ],
        "evaluations": [*(_row(version, one, counts, is_inside) for one in history), *map(_open_row, open_ones)],
        "change_columns": [Column(_("Probe")), Column(_("Figure")), Column(_("Then")), Column(_("Now"))],
        "changes": _changes(version, facts, current) if history else [],
        "newer_at": _newer_at(version, facts),
        "report_url": report_url(version, counts_of(facts)) if readiness.results(facts) else "",
    }  # fmt: skip


def counts_of(facts: dict[str, Any]) -> int:
    """The number of the evaluation that these facts tell the figures of."""
    found = at(facts, "battery.counts")
    return found if isinstance(found, int) else FIRST


def report_url(version: ModelVersion, number: int) -> str:
    """Where the report on an evaluation is downloaded."""
    return reverse("registry:evaluation_report", args=[version.model.slug, version.number, number])


def report_of(version: ModelVersion, number: int, *, is_inside: bool) -> str:
    """The report on one evaluation as a page of HTML, in English: of any for who sees inside, else of the one told.

    Raises NotFound, and Refused where a run left results that lack what a report tells.
    """
    facts = facts_shown(version)
    told = {counts_of(facts): facts.get("battery")} if readiness.results(facts) else {}
    inside = every_of(version.facts, queries.measured_later(version)) if is_inside else []
    found = {**{one.number: one.battery for one in inside}, **told}.get(number)
    if not isinstance(found, dict):
        raise NotFound(
            _("There is no evaluation %(number)s of %(version)s for you to see.")
            % {"number": number, "version": version},
            todo=_("See those on the page of the model."),
        )
    try:
        return to_html(found)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Refused(
            _("Evaluation %(number)s of %(version)s has no report.") % {"number": number, "version": version},
            why=_("Its results lack what a report tells."),
            todo=_("Evaluate the model again."),
        ) from problem  # fmt: skip


def _history(facts: dict[str, Any]) -> list[dict[str, Any]]:
    found = at(facts, "battery.history")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _newer_at(version: ModelVersion, facts: dict[str, Any]) -> datetime | None:
    """When it was last evaluated, where the release that its page tells of does not know that yet."""
    told = {one.get("number") for one in _history(facts)}
    newer = [one for one in queries.measured_later(version) if one.number not in told]
    return parse_datetime(newer[-1].at) if newer and version.published_at else None


def _row(version: ModelVersion, one: dict[str, Any], counts: Any, is_inside: bool) -> list[Text]:  # noqa: FBT001 - called by `page` alone
    number = one.get("number")
    name: Text = f"{number}"
    if is_inside:
        path = f"/projects/{version.model.project.slug}/runs/{one.get('run_number')}/"
        name = format_html('<a href="{}">{}</a>', path, number)
    if number == counts:
        name = format_html('{} <strong class="badge tone-info">{}</strong>', name, _("counts"))
    moment = parse_datetime(str(one.get("at")))
    text = _("its own") if one.get("own_text") else _("other")
    report: Text = "–"
    if isinstance(number, int) and (is_inside or number == counts):
        report = format_html('<a href="{}" download>{}</a>', report_url(version, number), _("HTML"))
    told = [when(moment, utcnow()), str(one.get("version")), said(one.get("profile")), text, _counted(one)]
    return [name, *told, report]


def _counted(one: dict[str, Any]) -> str:
    """How often each verdict was given, in words."""
    found = one.get("summary")
    counts = found if isinstance(found, dict) else {}
    told = [(VERDICTS[one][0], counts[one]) for one in Verdict if counts.get(one)]
    return ", ".join(_("%(verdict)s: %(count)s") % {"verdict": word, "count": count} for word, count in told)


def _open_row(one: Measurement) -> list[Text]:
    asked = one.run.evaluation or {}
    name = format_html('<a href="{}">{}</a>', one.run.path, one.number)
    state = one.get_state_display()
    if one.state == MeasurementState.ENDED or one.error:
        state = _("%(state)s: %(why)s") % {"state": state, "why": one.error or one.run.get_state_display()}
    return [name, when(one.asked_at, utcnow()), "–", said(asked.get("profile", "")), "–", state, "–"]


def _changes(version: ModelVersion, facts: dict[str, Any], current: dict[str, Any]) -> list[list[Text]]:
    """What was told before and is told now: before is the release that is shown, or the evaluation before this one."""
    counts = at(current, "battery.counts")
    if version.published_at and at(facts, "battery.counts") != counts:
        before = readiness.results(facts)
    else:
        found = before_it(every_of(version.facts, queries.measured_later(version)), counts)
        before = readiness.results({"battery": found.battery}) if found else []
    then, now = (_by_name(one) for one in (before, readiness.results(current)))
    names = [name for name in (*then, *(one for one in now if one not in then)) if then][:RESULTS_AT_MOST]
    return [_change(then.get(name, {}), now.get(name, {})) for name in names if _differ(then.get(name), now.get(name))]


def _by_name(results: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(str(one.get("probe")), str(one.get("name"))): one for one in results}


def _differ(then: dict[str, Any] | None, now: dict[str, Any] | None) -> bool:
    """Whether there is a figure on one side at least, and another figure or verdict on the other."""
    before, after = ((one.get("verdict"), one.get("value")) if one else None for one in (then, now))
    told = any(one is not None and one.get("verdict") != Verdict.NOT_RUN for one in (then, now))
    return told and before != after


def _change(then: dict[str, Any], now: dict[str, Any]) -> list[Text]:
    one = now or then
    sides = (format_html("<span>{} {}</span>", badge_of(side), value_of(side)) if side else "–" for side in (then, now))
    return [probe_of(one), said(one.get("name", "")), *sides]
