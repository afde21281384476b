"""A run in words and rows, as its page shows it."""

import shlex
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fabrica.kit.time import utcnow
from fabrica.kit.units import duration
from fabrica.planner import CloudCost, CloudPrice, Footprint
from fabrica.training import queries
from fabrica.training.models import Attempt, Run
from fabrica.web.components import Column
from fabrica.web.words import count, gpu_hours, when

WHOLE_FROM = 1_000
PHASES = {
    "": gettext_lazy("Waiting"),
    "tokenizer": gettext_lazy("Learning the tokens"),
    "train": gettext_lazy("Training"),
    "evaluate": gettext_lazy("Measuring"),
    "package": gettext_lazy("Packing"),
    "battery": gettext_lazy("Testing for memorisation, bias and more"),
    "command": gettext_lazy("Running the command"),
}
PROFILES = {"quick": gettext_lazy("quick"), "full": gettext_lazy("full")}


def words_of(run: Run) -> dict[str, Any]:
    """Phase, steps and speed in words; what was asked for, and the recipe key by key."""
    said = _("probe %(step)s of %(steps)s") if run.evaluation else _("step %(step)s of %(steps)s")
    steps = said % {"step": count(run.step), "steps": count(run.steps)}
    return {
        "phase_label": run.get_state_display() if run.is_ended else PHASES.get(run.phase, run.phase),
        "steps_text": steps,
        "speed": "–" if run.tokens_per_second is None else count(round(run.tokens_per_second)),
        "asked": _asked(run),
        "recipe": _flat(run.recipe or {}),
    }


def _asked(run: Run) -> list[tuple[str, Any]]:
    data = [str(row.staging.version) for row in run.data.select_related("staging__version__dataset").order_by("pk")]
    return [
        *_what(run),
        (_("Data"), ", ".join(data) or "–"),
        (_("Devices"), _devices(run)),
        (_("Time limit"), duration(run.time_limit_seconds)),
    ]


def _what(run: Run) -> list[tuple[str, Any]]:
    if run.evaluation:
        asked = run.evaluation
        named = (_("Profile"), PROFILES.get(asked["profile"], asked["profile"])), (_("Seed"), asked["seed"])
        return [(_("Model"), asked["model"]), *named]
    if run.command:
        return [(_("Command"), shlex.join(run.command))]
    return [(_("Recipe"), (run.recipe or {}).get("name"))]


def _devices(run: Run) -> str:
    if not run.nodes:
        return count(run.devices)
    told = ngettext("%(devices)s, on %(nodes)s node", "%(devices)s, spread over %(nodes)s nodes", run.nodes)
    return told % {"devices": count(run.devices), "nodes": count(run.nodes)}


def _flat(values: dict[str, Any], path: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in values.items():
        rows += _flat(value, f"{path}{key}.") if isinstance(value, dict) else [(f"{path}{key}", value)]
    return rows


def euros_of(cost: CloudCost) -> tuple[str, str]:
    """The lowest and the highest cost, in euros with two decimals."""
    return f"{cost.eur_cents_low / 100:.2f}", f"{cost.eur_cents_high / 100:.2f}"


def rows_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Runs as rows of a table; the badge is drawn by the template of a run's state."""
    now = utcnow()
    columns = [
        _("Run"), _("Status"), Column(_("Steps"), numeric=True), Column(_("Loss"), numeric=True),
        Column(_("Used"), numeric=True), _("Launched"),
    ]  # fmt: skip
    rows = [
        (
            format_html('<a href="{}">#{} {}</a>', run.path, run.number, _name(run)),
            render_to_string("training/state_row.html", {"run": run}),
            f"{count(run.step)} / {count(run.steps)}" if run.steps else "–",
            "–" if run.loss is None else number_format(run.loss, 3),
            gpu_hours(run.used_gpu_seconds),
            when(run.created_at, now),
        )
        for run in runs
    ]
    return {"rows": rows, "columns": columns}


def _name(run: Run) -> str:
    if run.evaluation:
        return _("Evaluation of %(model)s") % {"model": run.evaluation["model"]}
    return str(run.recipe["name"]) if run.recipe else run.get_kind_display()


def figure(value: float) -> str:
    """A number as people read it: three significant digits below a thousand, whole above."""
    if value >= WHOLE_FROM:
        return count(round(value))
    return number_format(format(Decimal(f"{value:.3g}"), "f"), use_l10n=True)


def footprint_of(found: Footprint) -> dict[str, str]:
    """Energy and CO2e of a plan or a bill, as read."""
    return {"energy": f"{figure(found.energy_wh)} Wh", "co2e": f"{figure(found.co2e_grams)} g"}


def attempts_of(run: Run) -> dict[str, Any]:
    """The attempts as rows of a table."""
    now = utcnow()
    columns = [_("Attempt"), _("Status"), _("Started"), Column(_("Used"), numeric=True), _("How it ended")]
    found = list(run.attempts.all())
    rows = [
        (one.number, one.get_state_display(), when(one.started_at, now), _used(one), one.ended_because or "–")
        for one in found
    ]
    again = sum(one.restarts for one in found)
    return {"attempts": rows, "attempt_columns": columns, "again": again}


def _used(attempt: Attempt) -> str:
    return gpu_hours(attempt.gpu_seconds) if attempt.ended_at else "–"


def bill_of(run: Run) -> dict[str, Any]:
    """The bill, and its cloud prices as rows of a table."""
    found = queries.bill(run)
    rows = [(one.price.vendor, one.price.gpu, one.price.priced_on, euros_of(one)[0]) for one in found.facts.cloud]
    columns = [_("Vendor"), _("Device"), _("Price of"), Column(_("Euros"), numeric=True)]
    return {
        "bill": found,
        "cloud": rows,
        "cloud_columns": columns,
        "prices": [] if rows else [_hour_of(one) for one in found.facts.price_list],
        "price_columns": [_("Vendor"), _("Device"), _("Priced on"), Column(_("US dollars an hour"), numeric=True)],
        **footprint_of(found.facts.footprint),
    }


def _hour_of(price: CloudPrice) -> tuple[str, str, str, str]:
    """What a rented device costs an hour, as a row: one figure, or a range where the source gives one."""
    ends = sorted({price.usd_cents_low, price.usd_cents_high})
    return price.vendor, price.gpu, price.priced_on, " – ".join(f"{cents / 100:.2f}" for cents in ends)
