"""Computation of this context that needs no Django: the terms of an award here, awards under capacity in `capacity`."""

from fabrica.allocations.engine.terms import (
    UNIX_NAME,
    Balance,
    add_months,
    beyond,
    highest,
    hours,
    reached,
    unix_name,
)

__all__ = ["UNIX_NAME", "Balance", "add_months", "beyond", "highest", "hours", "reached", "unix_name"]
