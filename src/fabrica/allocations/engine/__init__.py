"""Computation of this context that needs no Django.

The terms of an award stand in `terms`, the pools and caps of a year in `years`, awards under capacity in `capacity`.
"""

from fabrica.allocations.engine.terms import (
    UNIX_NAME,
    Balance,
    Extending,
    add_months,
    beyond,
    beyond_extension,
    highest,
    hours,
    reached,
    room_to_extend,
    unix_name,
)

__all__ = [
    "UNIX_NAME",
    "Balance",
    "Extending",
    "add_months",
    "beyond",
    "beyond_extension",
    "highest",
    "hours",
    "reached",
    "room_to_extend",
    "unix_name",
]
