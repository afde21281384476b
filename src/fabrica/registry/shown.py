"""How a version's facts read on its page: names and values, links and tables, all from the one facts record."""

import json
import re
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from fabrica.kit.time import utcnow
from fabrica.kit.units import duration
from fabrica.registry.battery_words import said
from fabrica.registry.engine.card import at, comparisons
from fabrica.registry.engine.documents.values import is_number
from fabrica.registry.models import ModelVersion
from fabrica.registry.queries import files_and_signature_of, releases_of
from fabrica.registry.readiness import facts_now, results
from fabrica.registry.states import State
from fabrica.web.components import Column
from fabrica.web.words import count, gpu_hours, size, when

Text = str | Promise | SafeString
LOCAL = re.compile(r"fabrica:([a-z0-9-]+)@\d+")
UNKNOWN = _("unknown")
TONES = {
    State.REGISTERED: "info", State.DOCUMENTED: "info", State.EVALUATED: "info", State.REVIEWED: "info",
    State.PUBLISHED: "good", State.WITHDRAWN: "warning",
}  # fmt: skip
OUTCOMES = {"won": (_("won"), "good"), "lost": (_("lost"), "bad")}
RIVALS = {
    "untrained": _("The same model, untrained"),
    "bigram": _("Byte bigrams of the same training text"),
    "xz": _("xz -9 on the same bytes"),
}


def columns() -> list[Column]:
    """The columns of a list of models."""
    return [
        Column(_("Model")), Column(_("Made by")), Column(_("State")), Column(_("Bits per byte"), numeric=True),
        Column(_("Size"), numeric=True), Column(_("Registered")),
    ]  # fmt: skip


def row(version: ModelVersion) -> list[Any]:
    """A version in a list of models, as `queries.with_bits` read it."""
    link = format_html('<a href="{}">{}</a>', version.page, version)
    bits = version.bits  # type: ignore[attr-defined]  # annotated
    organisation = version.model.project.organisation.name
    measured = _("not measured") if bits is None else _figure(bits)
    tone, word = TONES[State(version.state)], version.get_state_display()
    state = format_html('<strong class="badge tone-{}">{}</strong>', tone, word)
    return [link, organisation, state, measured, size(version.size_bytes), when(version.registered_at, utcnow())]


def page(version: ModelVersion, *, can_download: bool) -> dict[str, Any]:
    """Everything the page of a version shows, for its template. What the model wrote only with its files."""
    facts = facts_shown(version) if can_download else without_output(facts_shown(version))
    return {
        "version": version,
        "card": version.card if can_download else "",
        "facts": facts,
        "tone": TONES[State(version.state)],
        "bits": _figure(at(facts, "evaluation.bits_per_byte")),
        "figures": _figures(facts),
        "evaluation": _evaluation(facts),
        "method": said(at(facts, "evaluation.method") or UNKNOWN),
        "provenance": _provenance(facts),
        "datasets": [{**one, "page": dataset_page(one)} for one in facts.get("datasets") or []],
        "use": _use(facts),
        "assumptions": at(facts, "use.assumptions") or [],
        "cloud": [_price(one) for one in at(facts, "use.cloud") or []],
        "recipe": json.dumps(facts.get("recipe"), indent=2),
        "command": json.dumps(facts.get("command"), ensure_ascii=False),
        "file_columns": [Column(_("File")), Column(_("Size"), numeric=True), Column("SHA-256")],
        "file_rows": _files(version, is_linked=can_download),
        "verify_command": verify_command(version),
    }


def _files(version: ModelVersion, *, is_linked: bool) -> list[list[Text]]:
    """Each file, its size and its hash; with its address for those who may have it."""
    link = '<a href="{}" download>{}</a>'
    return [
        [
            format_html(link, file_url(version, one.path), one.path) if is_linked else one.path,
            size(one.size_bytes),
            _hash(one.sha256),
        ]
        for one in files_and_signature_of(version)
    ]


def known(value: Any) -> Text:
    """A value, or the word unknown: never a guess and never a blank."""
    if value is None or value == "":
        return UNKNOWN
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _figure(value: Any) -> Text:
    return f"{value:.3f}" if is_number(value) else UNKNOWN


def _figures(facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    parts = facts.get("training") or {}
    return [
        (_("Parameters"), known(parts.get("parameters"))),
        (_("Training tokens"), known(parts.get("tokens"))),
        (_("First loss, nats per token"), _figure(parts.get("loss_first"))),
        (_("Last loss, nats per token"), _figure(parts.get("loss_last"))),
    ]


def _evaluation(facts: dict[str, Any]) -> list[tuple[Text, Text, Text, str]]:
    """What it was compared with, that one's bits per byte, and won or lost with a tone."""
    found = facts.get("evaluation")
    if not found:
        return []
    return [
        (RIVALS.get(key, what), _figure(bits), *OUTCOMES.get(str(outcome), (UNKNOWN, "neutral")))
        for key, what, bits, outcome in comparisons(found)
    ]


def facts_shown(version: ModelVersion) -> dict[str, Any]:
    """The facts that its page tells: those of its newest release, which were reviewed; before there is one, today's."""
    newest = next(iter(releases_of(version)), None)
    return newest.facts if newest and version.published_at else facts_now(version)


def without_output(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts without what the model wrote, which may be what its files are kept back for."""
    battery = facts.get("battery")
    told = {**battery, "results": [_unquoted(one) for one in results(facts)]} if isinstance(battery, dict) else battery
    return {**facts, "sample": None, "battery": told}


def _unquoted(result: dict[str, Any]) -> dict[str, Any]:
    """A figure without the first letters of the strings that were found."""
    more = result.get("more")
    if not isinstance(more, dict):
        return result
    kinds = {name: _unmasked(one) if isinstance(one, dict) else one for name, one in more.items()}
    return {**result, "more": kinds}


def _unmasked(kind: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kind.items() if name != "masked"}


def dataset_page(dataset: dict[str, Any]) -> str:
    """Where the catalogue of this site shows a dataset of the facts; empty for one from elsewhere."""
    match = LOCAL.fullmatch(str(dataset.get("uri", "")))
    return reverse("dataspaces:detail", args=[match[1]]) if match else ""


def _provenance(facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    """The chain from the application to the run, in order."""
    uris = [one["uri"] for one in facts.get("datasets") or []]
    changed = _(" (with changes that are in no commit)") if at(facts, "code.is_changed") else ""
    commit = at(facts, "code.commit")
    return [
        (_("Application"), known(facts.get("application"))),
        (_("Award"), _award(facts)),
        (_("Project"), known(at(facts, "project.title"))),
        (_("Data"), ", ".join(uris) or UNKNOWN),
        (_("Recipe"), known(at(facts, "recipe.name") if facts.get("recipe") else _("own command"))),
        (_("Code"), f"fabrica {known(at(facts, 'code.version'))}"),
        (_("Commit"), f"{commit}{changed}" if commit else UNKNOWN),
        (_("Run"), known(at(facts, "run.uid"))),
        (_("Attempts"), known(at(facts, "run.attempts"))),
        (_("Machine"), known(at(facts, "run.machine"))),
    ]


def _award(facts: dict[str, Any]) -> Text:
    number, hours = facts.get("award"), at(facts, "use.award_gpu_seconds")
    return f"{known(number)} ({gpu_hours(hours)})" if hours is not None else known(number)


def _use(facts: dict[str, Any]) -> list[tuple[Text, Text]]:
    names = ("used_gpu_seconds", "planned_seconds", "actual_seconds")
    used, planned, actual = (at(facts, f"use.{name}") for name in names)
    energy, co2e = at(facts, "use.energy_wh"), at(facts, "use.co2e_grams")
    return [
        (_("Used"), UNKNOWN if used is None else gpu_hours(used)),
        (_("Planned time"), UNKNOWN if planned is None else duration(planned)),
        (_("Actual time"), UNKNOWN if actual is None else duration(actual)),
        (_("Energy, estimated"), UNKNOWN if energy is None else f"{_short(energy)} Wh"),
        (_("CO2e, estimated"), UNKNOWN if co2e is None else f"{_short(co2e)} g"),
    ]


def _short(value: float) -> str:
    return f"{value:,.1f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three figures are enough


def _hash(digest: str) -> SafeString:
    """A hash that may break on a narrow screen, and is copied without its breaks."""
    pieces = ((digest[start : start + 16],) for start in range(0, len(digest), 16))
    return format_html("<code>{}</code>", format_html_join(mark_safe("<wbr>"), "{}", pieces))


def _price(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "eur_low": f"{row['eur_cents_low'] / 100:.2f}", "eur_high": f"{row['eur_cents_high'] / 100:.2f}"}


def verify_command(version: ModelVersion) -> str:
    """What to type to verify a download."""
    keys = dict.fromkeys([version.key_fingerprint, *(one.key_fingerprint for one in releases_of(version))])
    trusted = " ".join(f"--fingerprint {one}" for one in keys)
    return f"fabrica models verify {version.model.slug}-{version.number} {trusted}"


def file_url(version: ModelVersion, path: str) -> str:
    """Where a file is downloaded."""
    return reverse("registry:file", args=[version.model.slug, version.number, path])
