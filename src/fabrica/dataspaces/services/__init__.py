"""Every write about datasets, versions, agreements and stagings."""

from fabrica.dataspaces.services.files import add_files, clear_files, limits
from fabrica.dataspaces.services.own import own_data
from fabrica.dataspaces.services.publishing import change_dataset, create_dataset, new_version, publish, withdraw
from fabrica.dataspaces.services.staging import begin, mark_staged, note_progress, stop
from fabrica.dataspaces.services.using import TermsChanged, accept, retry, stage

__all__ = [
    "TermsChanged",
    "accept",
    "add_files",
    "begin",
    "change_dataset",
    "clear_files",
    "create_dataset",
    "limits",
    "mark_staged",
    "new_version",
    "note_progress",
    "own_data",
    "publish",
    "retry",
    "stage",
    "stop",
    "withdraw",
]
