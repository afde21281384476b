"""Reading runs, planning them, and what they cost. Every list starts from `visible_to`."""

from fabrica.training.queries.bills import RunBill, bill
from fabrica.training.queries.outputs import LogPiece, log_of, log_tail
from fabrica.training.queries.plans import hold, machine_facts, plan, recipes
from fabrica.training.queries.runs import (
    due_on_machine,
    due_to_submit,
    points_after,
    run_of,
    runs_in,
    time_left,
    visible_to,
)

__all__ = [
    "LogPiece",
    "RunBill",
    "bill",
    "due_on_machine",
    "due_to_submit",
    "hold",
    "log_of",
    "log_tail",
    "machine_facts",
    "plan",
    "points_after",
    "recipes",
    "run_of",
    "runs_in",
    "time_left",
    "visible_to",
]
