"""Plan the accounts of the unchanged machine of `make bench` against a real Slurm cluster of its own, as root.

Starts the cluster, writes the accounts into its database (sacctmgr would take hours for so many), measures what our
adapter needs, and removes the cluster. Prints JSON: name, value and unit of each figure; none without root.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import django

django.setup()

from fabrica.allocations.applying import plan_for  # noqa: E402 - after Django is set up
from fabrica.allocations.models import ClusterAccount  # noqa: E402 - the same
from fabrica.allocations.queries import wanted  # noqa: E402 - the same
from fabrica.clusters.adapters.port import AccountSpec  # noqa: E402 - the same
from fabrica.clusters.adapters.slurm.cluster import SlurmCluster  # noqa: E402 - the same
from fabrica.clusters.adapters.slurm.objects import qos_name  # noqa: E402 - the same
from fabrica.clusters.adapters.slurm.precedence import programme_account  # noqa: E402 - the same
from fabrica.clusters.adapters.slurm.settings import SlurmSettings  # noqa: E402 - the same
from fabrica.clusters.queries import serve  # noqa: E402 - the same
from fabrica.config.bench_clusters import peak_megabytes  # noqa: E402 - the same
from fabrica.kit.time import utcnow  # noqa: E402 - the same

SCRIPTS = Path("tests/slurm")
FOLDER = Path("/var/tmp/fabrica-slurm-bench")  # noqa: S108 - of root, and of a cluster that lives for minutes
WHERE = {"FABRICA_SLURM_ROOT": str(FOLDER), "FABRICA_SLURM_PORT": "23800"}
PATIENCE_SECONDS = 900
MINUTE = 60
GPU, NO_DECAY = 1001, 256  # of tres_table; of qos_table's flags
FIRST = 1_000_000  # beyond what a new cluster has numbered
SETTINGS = SlurmSettings("dev", "all", 2, conf=str(FOLDER / "etc/slurm.conf"), timeout_seconds=120)


def run(*command: str, stdin: str = "") -> None:
    """A command of this measurement. Raises CalledProcessError."""
    env = {**os.environ, **WHERE}
    subprocess.run(command, env=env, input=stdin, text=True, check=True, capture_output=True, timeout=PATIENCE_SECONDS)  # noqa: S603 - ours


def fill(specs: Sequence[AccountSpec]) -> None:
    """Write the accounts, their QoS and their members as sacctmgr of Slurm 22.05 leaves them in its database."""
    statements = [*_users(specs), *_tree(specs)]
    statements.append("UPDATE dev_assoc_table SET rgt = 1000000000 WHERE acct = 'root' AND user = ''")
    script = "BEGIN;\n" + ";\n".join(statements) + ";\nCOMMIT;\n"
    run("mariadb", "--no-defaults", "-S", str(FOLDER / "db/my.sock"), "slurm_acct_db", stdin=script)


def _insert(table: str, **values: str | int) -> str:
    row = {"creation_time": 1, "mod_time": 1, **values}
    told = ", ".join(str(one) if isinstance(one, int) else "'" + one.replace("'", "") + "'" for one in row.values())
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({told})"  # noqa: S608 - names and numbers of this measurement


def _users(specs: Sequence[AccountSpec]) -> Iterator[str]:
    for user in sorted({user for one in specs for user in one.members}):
        yield _insert("user_table", name=user)


def _tree(specs: Sequence[AccountSpec]) -> Iterator[str]:
    """Root, programmes, projects: each stands between the `lft` and `rgt` of the account above it."""
    tops: dict[str, list[AccountSpec]] = {}
    for one in specs:
        tops.setdefault(programme_account(SETTINGS, one.programme), []).append(one)
    number, place = FIRST, FIRST + 1
    for top, below in tops.items():
        begin, place = place, place + 1
        for one in below:
            number += 1
            yield from _project(one, top, number, place)
            place += 2 * len(one.members) + 2
        if top != SETTINGS.root:
            yield from _account(top, SETTINGS.root, begin, place)
        place += 1
    yield from _account(SETTINGS.root, "root", FIRST, place)


def _account(name: str, above: str, lft: int, rgt: int, about: str = "", **charged: str | int) -> Iterator[str]:
    yield _insert("acct_table", name=name, description=about or name, organization=SETTINGS.root)
    yield _insert("dev_assoc_table", is_def=0, acct=name, parent_acct=above, lft=lft, rgt=rgt, **charged)


def _project(spec: AccountSpec, above: str, number: int, place: int) -> Iterator[str]:
    minutes = "" if spec.gpu_seconds_limit is None else f"{GPU}={spec.gpu_seconds_limit // MINUTE}"
    qos, about = qos_name(SETTINGS, spec.name), f"{SETTINGS.root} made"
    closed = {} if spec.is_open else {"grp_submit_jobs": 0}
    yield _insert("qos_table", id=number, name=qos, description=about, flags=NO_DECAY, grp_tres_mins=minutes, **closed)
    last = place + 2 * len(spec.members) + 1
    text = spec.description.lower()
    yield from _account(spec.name, above, place, last, text, def_qos_id=number, qos=f",{number},")
    for lft, user in zip(range(place + 1, last, 2), spec.members, strict=True):
        yield _insert("dev_assoc_table", is_def=0, user=user, acct=spec.name, lft=lft, rgt=lft + 1)


def figures() -> list[tuple[str, float, str]]:
    """Measure on the cluster that was filled."""
    machine = ClusterAccount.objects.select_related("award__machine__site").latest("pk").award.machine
    specs = list(wanted(machine, utcnow()))
    fill(specs)
    cluster = SlurmCluster(SETTINGS, devices_total=8)
    serve(machine.adapter, lambda _machine: cluster)
    start = time.perf_counter()
    plan = plan_for(machine, utcnow())
    seconds, memory = time.perf_counter() - start, peak_megabytes()
    if plan.actions or plan.drifts or plan.foreign:
        sys.exit(f"The cluster is as wanted, and yet there is a plan: {plan.actions[:2]} {plan.drifts[:2]}")
    start = time.perf_counter()
    cluster.put_account(replace(specs[0], is_open=not specs[0].is_open))
    change = time.perf_counter() - start
    what = f"plan for {len(specs):,} projects on real Slurm, nothing changed"
    return [
        (what, seconds, "s"),
        (f"{what}: process at most", memory, "MB"),
        (f"close one of {len(specs):,} accounts on real Slurm", change, "s"),
    ]


def main() -> None:
    """Start, measure, print, remove."""
    try:
        run(str(SCRIPTS / "up.sh"))
        told = figures()
    finally:
        run(str(SCRIPTS / "down.sh"), "--fast", "--purge")
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    if os.geteuid() == 0:
        main()
    else:
        sys.stdout.write("[]")
