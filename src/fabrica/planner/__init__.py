"""What a run will take and what it took: time, GPU-hours, energy, CO2e and price, each with its assumptions.

Words: a *plan* looks ahead, a *bill* looks back, a *calibration* is a rate measured on the machine itself, an
*assumption* is a value nobody measured here, with its source and date. Every fact lies in `data/` with its
source. No Django, no tables, no network: usable as a library. It never books an hour and never decides.
"""

from fabrica.planner.bill import Bill, bill
from fabrica.planner.estimate import (
    Calibration,
    MemoryFit,
    Plan,
    Proposal,
    device_rates,
    memory_fit,
    plan,
    propose_gpu_hours,
)
from fabrica.planner.facts import CloudPrice, MachineFacts, machine, machine_of
from fabrica.planner.footprint import CloudCost, Footprint

__all__ = [
    "Bill",
    "Calibration",
    "CloudCost",
    "CloudPrice",
    "Footprint",
    "MachineFacts",
    "MemoryFit",
    "Plan",
    "Proposal",
    "bill",
    "device_rates",
    "machine",
    "machine_of",
    "memory_fit",
    "plan",
    "propose_gpu_hours",
]
