"""UNIX names, months of use, and how machines count. Pure functions."""

from fabrica.clusters.engine.counting import Counting
from fabrica.clusters.engine.months import Month, by_month, month_after, month_of, month_start, months_between
from fabrica.clusters.engine.names import (
    DEFAULT_TEMPLATE,
    MAX_LENGTH,
    MAX_TEMPLATE,
    check_template,
    check_unix_name,
    is_of_projects,
    unix_name,
)

__all__ = [
    "DEFAULT_TEMPLATE",
    "MAX_LENGTH",
    "MAX_TEMPLATE",
    "Counting",
    "Month",
    "by_month",
    "check_template",
    "check_unix_name",
    "is_of_projects",
    "month_after",
    "month_of",
    "month_start",
    "months_between",
    "unix_name",
]
