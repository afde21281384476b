"""Every write about sites, machines, UNIX names, and what jobs used."""

from fabrica.clusters.services.calendar import close_days, reopen_day, set_calendar
from fabrica.clusters.services.machines import (
    record_load,
    record_measurement,
    register_machine,
    register_site,
    set_dry_run,
    set_mends_drift,
)
from fabrica.clusters.services.names import assign_unix_name, change_unix_name, note_named, set_unix_name_template
from fabrica.clusters.services.usage import begin_reading, break_off_reading, end_reading, keep_usage, make_marks

__all__ = [
    "assign_unix_name",
    "begin_reading",
    "break_off_reading",
    "change_unix_name",
    "close_days",
    "end_reading",
    "keep_usage",
    "make_marks",
    "note_named",
    "record_load",
    "record_measurement",
    "register_machine",
    "register_site",
    "reopen_day",
    "set_calendar",
    "set_dry_run",
    "set_mends_drift",
    "set_unix_name_template",
]
