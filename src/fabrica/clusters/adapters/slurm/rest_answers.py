"""Reading what slurmrestd answers. Pure; tested on recorded answers. Raises Unreachable for what makes no sense.

Numbers come in two shapes: plain, or as {"set", "infinite", "number"}; both are read wherever a number stands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.adapters.slurm import answers
from fabrica.clusters.adapters.slurm.answers import Accounted, Queued
from fabrica.clusters.adapters.slurm.found import Budget, Found
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.clusters.adapters.slurm.states import state_of
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Unreachable

Json = Mapping[str, Any]
NEVER = (0, 0xFFFFFFFE, 0xFFFFFFFF)  # Slurm's numbers for no time at all
# Of several words for one job, the first of these tells most; else the first word there is.
TELLING = (
    "COMPLETING", "STAGE_OUT", "CONFIGURING", "RESIZING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT",
    "STOPPED", "REVOKED", "RESV_DEL_HOLD", "SIGNALING",
)  # fmt: skip
AWAY = {"DOWN", "FUTURE", "UNKNOWN", "ERROR"}
MINUTE = 60


def _malformed(what: Any) -> Unreachable:
    return answers.malformed("slurmrestd", repr(what))


def items(answer: Json, name: str) -> list[Json]:
    """The list of an answer; [] where it is absent, as in the answer about what does not exist."""
    found = answer.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _malformed(found)
    return found


def at(value: Json, path: str) -> Any:
    """What stands at `a/b/c`; None where a part is missing."""
    found: Any = value
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def number(value: Any) -> int | None:
    """A number of either shape; None for one that is not set, infinite or absent. Raises Unreachable."""
    if isinstance(value, dict):
        return number(value.get("number")) if value.get("set") and not value.get("infinite") else None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise _malformed(value)
    return int(value)


def text(value: Json, name: str) -> str:
    """The text of a field; empty where it is absent. Raises Unreachable for anything else."""
    found = value.get(name) or ""
    if not isinstance(found, str):
        raise _malformed(found)
    return found


def word_of(value: Any) -> str:
    """The state of a job in one word, as squeue and sacct print it. Raises Unreachable."""
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(one, str) for one in words):
        raise _malformed(value)
    return next((one for one in TELLING if one in words), str(words[0]))


def _seconds(value: Any) -> str:
    found = number(value)
    return "" if found in NEVER or found is None else str(found)


def _job_id(job: Json) -> int:
    found = number(job.get("job_id"))
    if not found or found < 0:
        raise _malformed(job.get("job_id"))
    return found


def queued(answer: Json) -> Iterator[Queued]:
    """The jobs of `slurm/jobs/` or `slurm/job/ID`."""
    for job in items(answer, "jobs"):
        own = _job_id(job)
        task = number(job.get("array_task_id"))
        yield Queued(
            str(number(job.get("array_job_id")) or number(job.get("het_job_id")) or own),
            text(job, "array_task_string") or ("" if task is None else str(task)),
            word_of(job.get("job_state")),
            text(job, "state_reason"),
            answers.moment(_seconds(job.get("submit_time"))),
            answers.moment(_seconds(job.get("start_time"))),
            text(job, "name"),
            number(job.get("restart_cnt")) or 0,
        )


def accounted(answer: Json, gres: str, counting: Counting = answers.PLAIN) -> Iterator[Accounted]:
    """The starts of `slurmdb/jobs/`."""
    return (answers.accounted_of(row_of(job), gres, counting) for job in items(answer, "jobs"))


def row_of(job: Json) -> dict[str, str]:
    """One job of the accounting as sacct prints it, so that one set of rules reads both."""
    own, array, het = _job_id(job), number(at(job, "array/job_id")), number(at(job, "het/job_id"))
    if array:
        name = f"{array}_{number(at(job, 'array/task_id')) or 0}"
    else:
        name = f"{het}+{number(at(job, 'het/job_offset')) or 0}" if het else str(own)
    allocated = _tres(at(job, "tres/allocated"))
    return {
        "JobIDRaw": str(own),
        "JobID": name,
        "Account": text(job, "account"),
        "User": text(job, "user"),
        "State": word_of(at(job, "state/current")),
        "Submit": _seconds(at(job, "time/submission")),
        "Start": _seconds(at(job, "time/start")),
        "End": _seconds(at(job, "time/end")),
        "ElapsedRaw": str(number(at(job, "time/elapsed")) or 0),
        "AllocTRES": ",".join(f"{name}={count}" for name, count in allocated.items()),
        "ExitCode": f"{number(at(job, 'exit_code/return_code')) or 0}:{number(at(job, 'exit_code/signal/id')) or 0}",
        "ConsumedEnergyRaw": str(allocated.get("energy", "")),
        "JobName": text(job, "name"),
    }


def _tres(value: Any) -> dict[str, int]:
    """TRES by name, such as `gres/gpu`; Slurm's negative numbers for "not known" are left out."""
    found: dict[str, int] = {}
    for one in value or []:
        count = number(at(one, "count"))
        if count is not None and count >= 0:
            found["/".join(part for part in (text(one, "type"), text(one, "name")) if part)] = count
    return found


def found(settings: SlurmSettings, accounts: Json, qos: Json, links: Json) -> Found:
    """The three answers about accounts together."""
    have = Found()
    for one in items(accounts, "accounts"):
        have.owners[text(one, "name")] = (text(one, "organization"), text(one, "description"))
    for one in items(qos, "qos"):
        have.budgets[text(one, "name")] = _budget(settings, one)
    for one in items(links, "associations"):
        account, user = text(one, "account"), text(one, "user")
        if user:
            have.members.setdefault(account, {})[user] = number(at(one, "max/jobs/total")) != 0
        else:
            have.parents[account] = text(one, "parent_account")
            have.account_qos[account] = (at(one, "default/qos") or "", ",".join(one.get("qos") or []))
    return have


def _budget(settings: SlurmSettings, one: Json) -> Budget:
    minutes = at(one, "limits/max/tres/minutes/total")
    if minutes is None:
        raise Unreachable(
            "This machine's REST does not tell the budget of a QoS.",
            todo="Use the command line, or a newer slurmrestd.",
        )
    is_ours = text(one, "description").split(" ", maxsplit=1)[0].lower() == settings.root.lower()
    flags = tuple(map(str, one.get("flags") or []))
    limits = _tres(minutes)
    return Budget(
        text(one, "name"),
        "NO_DECAY" in flags,
        limits.get(settings.counted),
        number(at(one, "limits/max/jobs/count")) != 0,
        number(one.get("priority")) or 0,
        is_ours,
        flags,
        has_other_limit=settings.not_counted in limits,
        preempts=frozenset(map(str, at(one, "preempt/list") or [])),
        preempt_mode=",".join(map(str, at(one, "preempt/mode") or [])).lower(),
    )


def devices(answer: Json, gres: str) -> tuple[int, int]:
    """All devices and busy ones over the nodes that can be used."""
    usable = [one for one in items(answer, "nodes") if not _is_away(set(one.get("state") or []))]
    total = sum(answers.gres_of(text(one, "gres"), gres) for one in usable)
    return total, sum(answers.gres_of(text(one, "gres_used"), gres) for one in usable)


def _is_away(states: set[str]) -> bool:
    return bool(states & AWAY) or ("IDLE" in states and bool(states & {"DRAIN", "FAIL"}))


def counts(answer: Json) -> tuple[int, int]:
    """Jobs that run and jobs that wait, each task of an array on its own."""
    running = waiting = 0
    for one in queued(answer):
        state = state_of(one.word)
        running += state is JobState.RUNNING
        waiting += tasks_in(one.task) if state is JobState.PENDING else 0
    return running, waiting


def tasks_in(task: str) -> int:
    """How many tasks `2-4,7%1` names; 1 for a job without tasks."""
    parts = [one for one in task.partition("%")[0].split(",") if one]
    ranges = [re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", one) for one in parts]
    found = sum((int(one[2] or one[1]) - int(one[1])) // int(one[3] or 1) + 1 for one in ranges if one)
    return max(1, found)


def partitions(answer: Json) -> dict[str, int | None]:
    """The longest a job may take on each partition, in seconds; None without a limit."""
    limits = {text(one, "name"): number(at(one, "maximums/time")) for one in items(answer, "partitions")}
    return {name: None if minutes is None else minutes * MINUTE for name, minutes in limits.items()}


def submitted(answer: Json) -> str:
    """The id of the job that was handed over. Raises Unreachable."""
    return str(_job_id(answer))


def refused_ends(answer: Json) -> dict[int, str]:
    """What slurmctld said to ending a job and its tasks: words by error number; empty where it does so."""
    said = [one.get("error") or {} for one in items(answer, "status")]
    return {code: str(one.get("string", "")) for one in said if (code := number(one.get("code")))}


def named(jobs: Iterable[Queued | Accounted], token: str) -> str | None:
    """The oldest of some jobs with a name."""
    names = ((one.token if isinstance(one, Queued) else one.name, one.base_id) for one in jobs)
    return min((base for name, base in names if name == token), key=int, default=None)
