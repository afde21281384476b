"""When is an application complete and within its mode? And how many hours does it need? Pure functions, no tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from fabrica.calls.engine import Mode
from fabrica.kit.units import SECONDS_PER_HOUR, gpu_hours
from fabrica.planner import Calibration, MachineFacts, Plan, Proposal, plan, propose_gpu_hours
from fabrica.trust.engine.act import in_force, next_questions
from fabrica.trust.engine.act.keeping import known

FIELDS = (
    "title", "purpose", "model_description", "parameters_millions", "tokens_millions", "runs", "data_description",
    "dataset_uri", "has_personal_data", "has_data_rights", "gpu_seconds_requested", "months", "trust_answers",
)  # fmt: skip
OPTIONAL = ("dataset_uri", "trust_answers", "has_data_rights")
MILLION = 1_000_000
# Whether the mode is for more than its least: what is told to who asks for less.
TOO_SMALL = {
    True: gettext_noop(
        "%(mode)s is for more than %(limit)s GPU-hours; you ask for %(asked)s. Ask for more, or apply in a mode for "
        "less: the route finder tells which. Source of the limit: %(source)s."
    ),
    False: gettext_noop(
        "%(mode)s is for at least %(limit)s GPU-hours; you ask for %(asked)s. Ask for more, or apply in a mode for "
        "less: the route finder tells which. Source of the limit: %(source)s."
    ),
}


@dataclass(frozen=True)
class Gap:
    """Something that keeps an application from being submitted: the field, and the sentence for its writer."""

    field: str
    message: str


def gaps(values: Mapping[str, Any], mode: Mode, day: date) -> list[Gap]:
    """What is missing on a day or beyond the mode's limits, in the order of the form. Empty: it can be submitted."""
    needed = [name for name in FIELDS if name not in OPTIONAL]
    empty = [Gap(name, _("This is still empty.")) for name in needed if _is_empty(values[name])]
    found = [*empty, *_rights(values), *_hours(values, mode), *_months(values, mode)]
    return [*sorted(found, key=lambda gap: FIELDS.index(gap.field)), *_gate(values, day)]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _rights(values: Mapping[str, Any]) -> list[Gap]:
    if values["has_data_rights"]:
        return []
    told = _("You need the right to use the data. Confirm it, or choose data you may use.")
    return [Gap("has_data_rights", told)]


def _hours(values: Mapping[str, Any], mode: Mode) -> list[Gap]:
    seconds = values["gpu_seconds_requested"]
    if seconds is None:
        return []
    if not 0 < seconds <= mode.gpu_hours_max * SECONDS_PER_HOUR:
        told = _("%(mode)s gives at most %(limit)s GPU-hours; you ask for %(asked)s. Source of the limit: %(source)s.")
        limit = mode.gpu_hours_max
    elif mode.is_too_small(Fraction(seconds, SECONDS_PER_HOUR)):
        told, limit = _(TOO_SMALL[mode.is_more_than_min]), mode.gpu_hours_min
    else:
        return []
    asked = f"{gpu_hours(seconds).normalize():,f}"
    return [Gap("gpu_seconds_requested", told % {**_mode(mode), "limit": f"{limit:,}", "asked": asked})]


def _months(values: Mapping[str, Any], mode: Mode) -> list[Gap]:
    months = values["months"]
    if months is None or months in mode.months:
        return []
    told = _("%(mode)s lasts %(allowed)s months; you ask for %(asked)s. Source: %(source)s.")
    return [Gap("months", told % {**_mode(mode), "allowed": ", ".join(map(str, mode.months)), "asked": months})]


def _mode(mode: Mode) -> dict[str, str]:
    return {"mode": mode.title, "source": str(mode.source)}


def _gate(values: Mapping[str, Any], day: date) -> list[Gap]:
    rules = in_force(day)
    asking = next_questions(known(values["trust_answers"], rules), day, rules)
    if not asking.questions:
        return []
    left = max(asking.usually, 1)
    told = ngettext("About %(left)s question is left.", "About %(left)s questions are left.", left)
    return [Gap("trust_answers", told % {"left": left})]


def propose(
    parameters_millions: int, tokens_millions: int, runs: int, machine: MachineFacts, calibration: Calibration | None
) -> tuple[Plan, Proposal]:
    """What one run should take and how many hours to ask for: 6 x parameters x tokens operations a run.

    Source of 6ND: Kaplan et al., Scaling Laws for Neural Language Models, arXiv 2001.08361, section 2.1. Raises
    Refused for values that cannot be planned.
    """
    tokens = tokens_millions * MILLION
    one_run = plan(6.0 * parameters_millions * MILLION * tokens, tokens, machine, 1, calibration)
    return one_run, propose_gpu_hours(one_run, runs)
