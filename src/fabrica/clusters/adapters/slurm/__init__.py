"""Slurm as a machine: the command line first (22.05 to 25.x), REST for 24.11 and newer.

What to ask (`commands`, `objects`, `script`) and how to read the answer (`answers`, `states`) are pure functions,
tested on recorded answers; `shell` runs programs here or over SSH; `cluster` and `rest` are the two ways to serve the
port.
"""

from fabrica.clusters.adapters.slurm.cluster import SlurmCluster, clock_skew_seconds
from fabrica.clusters.adapters.slurm.rest import SlurmRest
from fabrica.clusters.adapters.slurm.settings import SlurmSettings, read_settings, settings_from

__all__ = ["SlurmCluster", "SlurmRest", "SlurmSettings", "clock_skew_seconds", "read_settings", "settings_from"]
