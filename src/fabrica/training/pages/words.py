"""A run in words and rows, as its page shows it."""

import shlex
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fabrica.kit.units import duration
from fabrica.planner import CloudCost
from fabrica.training import queries
from fabrica.training.models import Run
from fabrica.web.components import Column
from fabrica.web.words import count

PHASES = {
    "": gettext_lazy("Waiting"),
    "tokenizer": gettext_lazy("Learning the tokens"),
    "train": gettext_lazy("Training"),
    "evaluate": gettext_lazy("Measuring"),
    "package": gettext_lazy("Packing"),
    "command": gettext_lazy("Running the command"),
}


def words_of(run: Run) -> dict[str, Any]:
    """Phase, steps and speed in words; what was asked for, and the recipe key by key."""
    steps = _("step %(step)s of %(steps)s") % {"step": count(run.step), "steps": count(run.steps)}
    return {
        "phase_label": PHASES.get(run.phase, run.phase),
        "steps_text": steps,
        "speed": "–" if run.tokens_per_second is None else count(round(run.tokens_per_second)),
        "asked": _asked(run),
        "recipe": _flat(run.recipe or {}),
    }


def _asked(run: Run) -> list[tuple[str, Any]]:
    data = [str(row.staging.version) for row in run.data.select_related("staging__version__dataset").order_by("pk")]
    what = (_("Command"), shlex.join(run.command)) if run.command else (_("Recipe"), (run.recipe or {}).get("name"))
    return [
        what,
        (_("Data"), ", ".join(data) or "–"),
        (_("Devices"), run.devices),
        (_("Time limit"), duration(run.time_limit_seconds)),
    ]


def _flat(values: dict[str, Any], path: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in values.items():
        rows += _flat(value, f"{path}{key}.") if isinstance(value, dict) else [(f"{path}{key}", value)]
    return rows


def euros_of(cost: CloudCost) -> tuple[str, str]:
    """The lowest and the highest cost, in euros with two decimals."""
    return f"{cost.eur_cents_low / 100:.2f}", f"{cost.eur_cents_high / 100:.2f}"


def bill_of(run: Run) -> dict[str, Any]:
    """The bill, and its cloud prices as rows of a table."""
    found = queries.bill(run)
    rows = [(one.price.vendor, one.price.gpu, one.price.priced_on, euros_of(one)[0]) for one in found.facts.cloud]
    columns = [_("Vendor"), _("Device"), _("Price of"), Column(_("Euros"), numeric=True)]
    return {"bill": found, "cloud": rows, "cloud_columns": columns}
