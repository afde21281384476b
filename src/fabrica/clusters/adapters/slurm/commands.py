"""What Slurm is asked, as argument lists. Nothing here runs, and no shell ever reads these."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fabrica.clusters.adapters.slurm.answers import SEPARATOR, malformed

# The name comes last: it is the user's. Each field is followed by the separator and may be as long as it is.
QUEUE = ("ArrayJobID", "ArrayTaskID", "State", "Reason", "SubmitTime", "StartTime", "RestartCnt", "Name")
NEEDED = (
    "JobIDRaw", "JobID", "Account", "User", "State", "Submit", "Start", "End", "ElapsedRaw", "AllocTRES", "ExitCode",
)  # fmt: skip
WISHED = ("ConsumedEnergyRaw",)
LAST = "JobName"
MARK = "\x1e"  # no digit, which squeue would take for a width


def environment(conf: str) -> dict[str, str]:
    """What Slurm's commands need to know: where the cluster is; and times as seconds, which no time zone moves."""
    found = {"SLURM_TIME_FORMAT": "%s", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    return {**found, "SLURM_CONF": conf} if conf else found


def queue(job_ids: Sequence[str] = (), name: str = "", mark: str = SEPARATOR) -> list[str]:
    """Squeue over some jobs, or those of a name: all states, so that what just ended is still told.

    Each value ends with the mark.
    """
    only = ["--jobs", ",".join(job_ids)] if job_ids else []
    named = ["--name", name] if name else []
    shape = ",".join(f"{field}:{mark}" for field in QUEUE)
    return ["squeue", "--noheader", "--all", "--states=all", *only, *named, f"--Format={shape}"]


def account_fields(known: str) -> list[str]:
    """The fields to ask sacct for: those we need, and those we wish where this version knows them (--helpformat).

    Raises Unreachable for an answer that does not name those we need.
    """
    words = set(known.split())
    if not words.issuperset(NEEDED):
        raise malformed("sacct", known)
    return [*NEEDED, *(one for one in WISHED if one in words), LAST]


def accounting(
    fields: Sequence[str],
    now: datetime,
    *,
    job_ids: Sequence[str] = (),
    since: datetime | None = None,
    name: str = "",
    cluster: str = "",
    mark: str = "",
) -> list[str]:
    """sacct: every start of each job (`--duplicates`), no steps, of all users. Each value ends with the mark."""
    shape = ["--parsable", f"--delimiter={mark}"] if mark else ["--parsable2", f"--delimiter={SEPARATOR}"]
    command = ["sacct", "--noheader", *shape, "--duplicates", "--allocations"]
    command += ["--allusers", f"--format={','.join(fields)}"]
    if cluster:
        command += ["--clusters", cluster]
    if job_ids:
        command += ["--jobs", ",".join(job_ids)]
    if since:
        # the latest moment that Slurm can name would be refused as after the end; a day ahead bounds clocks that differ
        until = max(since, now) + timedelta(days=1)
        command += ["--starttime", _stamp(since), "--endtime", _stamp(until)]
    return [*command, *(["--name", name] if name else [])]


def new_mark() -> str:
    """What ends each value of one answer: nobody who named a job could know it."""
    return MARK + secrets.token_hex(8)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def cancel(job_id: str) -> list[str]:
    """Scancel of a job, all its tasks included."""
    return ["scancel", job_id]


def submit(cluster: str = "") -> list[str]:
    """Sbatch of the script on its standard input; prints the job's id."""
    return ["sbatch", "--parsable", *(["--clusters", cluster] if cluster else [])]


NODES = [
    "sinfo",
    "--noheader",
    "--Node",
    f"--Format=NodeList:{SEPARATOR},Gres:{SEPARATOR},GresUsed:{SEPARATOR},StateLong:{SEPARATOR}",
]
PARTITIONS = ["scontrol", "--oneliner", "show", "partition"]
PING = ["scontrol", "ping"]
FIELDS = ["sacct", "--helpformat"]
COUNTS = ["squeue", "--noheader", "--all", "--states=PENDING,RUNNING,SUSPENDED,COMPLETING", "--array", "--format=%T"]
CLOCK = ["date", "+%s"]
