"""When is an application complete and within its mode? And how many hours does it need? Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fabrica.calls.engine import Mode
from fabrica.kit.units import SECONDS_PER_HOUR
from fabrica.planner import Calibration, MachineFacts, Plan, Proposal, plan, propose_gpu_hours
from fabrica.trust import engine as gate

FIELDS = (
    "title", "purpose", "model_description", "parameters_millions", "tokens_millions", "runs", "data_description",
    "dataset_uri", "has_personal_data", "has_data_rights", "gpu_seconds_requested", "months", "trust_answers",
)  # fmt: skip
OPTIONAL = ("dataset_uri", "trust_answers", "has_data_rights")


MILLION = 1_000_000


@dataclass(frozen=True)
class Gap:
    """Something that keeps an application from being submitted: the field, and the sentence for its writer."""

    field: str
    message: str


def gaps(values: Mapping[str, Any], mode: Mode) -> list[Gap]:
    """What is missing or beyond the mode's limits, in the order of the form. Empty: it can be submitted."""
    empty = [Gap(name, "This is still empty.") for name in FIELDS if name not in OPTIONAL and _is_empty(values[name])]
    return [*empty, *_rights(values), *_limits(values, mode), *_gate(values)]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _rights(values: Mapping[str, Any]) -> list[Gap]:
    if values["has_data_rights"]:
        return []
    return [Gap("has_data_rights", "You need the right to use the data. Confirm it, or choose data you may use.")]


def _limits(values: Mapping[str, Any], mode: Mode) -> list[Gap]:
    found = []
    hours = (values["gpu_seconds_requested"] or 0) / SECONDS_PER_HOUR
    if hours > mode.gpu_hours_max or (values["gpu_seconds_requested"] == 0):
        found.append(
            Gap(
                "gpu_seconds_requested",
                f"{mode.title} gives at most {mode.gpu_hours_max:,} GPU-hours; you ask for {hours:,.0f}. "
                f"Source of the limit: {mode.source}.",
            )
        )
    if values["months"] and values["months"] not in mode.months:
        allowed = ", ".join(map(str, mode.months))
        message = f"{mode.title} lasts {allowed} months; you ask for {values['months']}. Source: {mode.source}."
        found.append(Gap("months", message))
    return found


def _gate(values: Mapping[str, Any]) -> list[Gap]:
    answered = values["trust_answers"]
    return [Gap(f"trust_{one.id}", "Answer this question.") for one in gate.missing(answered)]


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
