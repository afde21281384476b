"""Every write about sites, machines and UNIX names."""

from fabrica.clusters.services.machines import record_load, record_measurement, register_machine, register_site
from fabrica.clusters.services.names import assign_unix_name, change_unix_name, note_named, set_unix_name_template

__all__ = [
    "assign_unix_name",
    "change_unix_name",
    "note_named",
    "record_load",
    "record_measurement",
    "register_machine",
    "register_site",
    "set_unix_name_template",
]
