"""The batch script of a job: one readable text. Pure; golden files in the tests show each kind.

A run longer than its partition allows becomes a chain: an array whose tasks run one after the other (`%1`), all handed
over by one submission, so that at no instant nothing is submitted and no half of a chain can be lost.
"""

import math
import shlex
import sys
from dataclasses import dataclass

from fabrica.clusters.adapters.port import JobRequest
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused

MINUTE, HOUR = 60, 3_600
INTERRUPTED = 143  # what the runner ends with after a signal: in order, and to be gone on with
LEAST_WARNING_SECONDS = 15
WARNING_SHARE = 20
PORT_FIRST, PORTS = 20_000, 20_000

BODY = """
unset SLURM_EXPORT_ENV  # else srun would hand nothing of what follows to the program
{setup}
set -u  # after the site's own lines: module systems use variables that are not set
{rendezvous}srun --export=ALL --kill-on-bad-exit=1 {tasks} {command} &
step=$!
trap 'kill -USR1 "$step" 2>/dev/null' USR1  # Slurm's warning before the limit goes on to the program
trap : TERM
while kill -0 "$step" 2>/dev/null; do wait "$step"; done
wait "$step"
code=$?
{after}exit "$code"
"""
# All copies of the program meet at the first node, at a port that follows from the job.
RENDEZVOUS = """first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_ADDR=$(scontrol show node "$first" | sed -n 's/.*NodeAddr=\\([^ ]*\\).*/\\1/p' | head -n 1)
MASTER_PORT=$(({first} + SLURM_JOB_ID % {ports}))
export MASTER_ADDR MASTER_PORT
"""
# A link that was interrupted in order leaves the rest to the next; any other end of one makes the others needless.
CHAIN = """if [ "$code" = {interrupted} ] && [ "$SLURM_ARRAY_TASK_ID" != {links} ]; then exit 0; fi
[ "$code" = {interrupted} ] || scancel --state=PENDING "$SLURM_ARRAY_JOB_ID" 2>/dev/null
"""


@dataclass(frozen=True)
class Shape:
    """How a job lies on the machine: nodes, devices and copies of the program on each; and the links of its chain."""

    nodes: int
    gpus_per_node: int
    tasks_per_node: int
    links: int
    link_seconds: int


def shape(job: JobRequest, settings: SlurmSettings, partition_seconds: int | None) -> Shape:
    """Nodes and links of a job. `partition_seconds` is the longest its partition allows, None without a limit.

    Links are equally long, in whole minutes, and together no longer than the job: Slurm sets a link's whole limit
    aside, and the last must fit into what the job was held for, whatever those before it took. Raises Refused for
    devices that do not divide over the nodes.
    """
    nodes = settings.counting.nodes(job.devices, job.nodes)
    if job.devices % nodes or job.devices // nodes > settings.gpus_per_node:
        raise Refused(
            f"{job.devices} devices do not divide over {nodes} nodes.",
            why=f"A node has {settings.gpus_per_node}, and each node gives the same number.",
            todo=f"Ask for a multiple of {nodes}, at most {nodes * settings.gpus_per_node}.",
        )
    if job.tasks > 1 and job.tasks % nodes:
        raise Refused(f"{job.tasks} copies do not divide over {nodes} nodes.")
    whole = settings.counting.whole(job.time_limit_seconds)
    longest = min(one for one in (settings.link_seconds, partition_seconds, whole) if one)
    links = math.ceil(whole / max(MINUTE, settings.counting.whole_within(longest)))
    link_seconds = settings.counting.whole_within(whole // links)
    return Shape(nodes, job.devices // nodes, max(1, job.tasks // nodes), links, link_seconds)


def batch_script(job: JobRequest, settings: SlurmSettings, partition_seconds: int | None = None) -> str:
    """The whole script. Raises Refused for what cannot be laid out."""
    form = shape(job, settings, partition_seconds)
    head = [f"#SBATCH {line}" for line in _directives(job, settings, form)]
    return "\n".join(["#!/bin/bash", *head, _body(job, settings, form)])


def access_card(settings: SlurmSettings, account: str, programme: str) -> tuple[str, ...]:
    """What a member's own batch script begins with: whom it is charged to, and an hour of one device to begin with."""
    told = [*_charged(settings, account, programme), f"--gres={settings.gres}:1", f"--time={HOUR // MINUTE}"]
    return tuple(f"#SBATCH {one}" for one in told)


def _charged(settings: SlurmSettings, account: str, programme: str) -> list[str]:
    partition = settings.programme(programme).partition
    return [f"--account={account}", f"--qos={settings.root}_{account}", f"--partition={partition}"]


def _directives(job: JobRequest, settings: SlurmSettings, form: Shape) -> list[str]:
    chain = [f"--array=1-{form.links}%1"] if form.links > 1 else []
    cpus = [f"--cpus-per-task={settings.cpus_per_gpu}"] if settings.cpus_per_gpu else []
    return [
        f"--job-name={job.token}",
        f"--comment={job.name}",
        *_charged(settings, job.account, job.programme),
        f"--nodes={form.nodes}",
        f"--ntasks-per-node={form.tasks_per_node}",
        f"--gres={settings.gres}:{form.gpus_per_node}",
        *cpus,
        f"--time={form.link_seconds // MINUTE}",
        *chain,
        f"--signal=B:USR1@{_warning(settings, form)}",
        "--requeue",
        "--export=NIL",
        "--open-mode=append",
        f"--chdir={shlex.quote(str(job.folder))}",
        f"--output={shlex.quote(str(job.folder / 'log.txt'))}",
    ]


def _warning(settings: SlurmSettings, form: Shape) -> int:
    """Seconds before the limit at which Slurm warns: a twentieth of it at most, so that short jobs lose little."""
    return min(settings.signal_seconds, max(LEAST_WARNING_SECONDS, form.link_seconds // WARNING_SHARE))


def _body(job: JobRequest, settings: SlurmSettings, form: Shape) -> str:
    lines = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **job.env}
    if settings.conf:
        lines["SLURM_CONF"] = settings.conf
    exports = [f"export {name}={shlex.quote(value)}" for name, value in sorted(lines.items())]
    return BODY.format(
        setup="\n".join([*exports, *settings.setup]),
        rendezvous=RENDEZVOUS.format(first=PORT_FIRST, ports=PORTS) if job.tasks > 1 else "",
        tasks=f"--ntasks={job.tasks}" if job.tasks > 1 else "--nodes=1 --ntasks=1",
        command=shlex.join(_command(job, settings)),
        after=CHAIN.format(interrupted=INTERRUPTED, links=form.links) if form.links > 1 else "",
    )


def _command(job: JobRequest, settings: SlurmSettings) -> tuple[str, ...]:
    """The program; the portal's own interpreter is the machine's where the settings name one."""
    if settings.python and job.argv[0] == sys.executable:
        return (settings.python, *job.argv[1:])
    return job.argv
