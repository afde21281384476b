"""The play on a real Slurm cluster: two processes on two nodes, one interruption by a job of higher precedence.

The cluster is the development cluster of `make cluster`; a site's own is described in the same kind of file.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from fabrica.cli.client import Client
from fabrica.config.demo.play import SCENES, Play, apply, decide, train
from fabrica.config.demo.stage import Stage
from fabrica.kit.errors import Problem, Refused
from fabrica.kit.files import write_atomic

ROOT = Path(os.environ.get("FABRICA_SLURM_ROOT", "/var/tmp/fabrica-slurm"))  # noqa: S108 - where `make cluster` puts it
MACHINE, CALL = "dev-cluster", "fast-lane"
PROCESSES, NODES, ALL_DEVICES = 2, 2, 8
LARGE_SECONDS = 8
EARLIEST_STEP = 20
PATIENCE_SECONDS = 300.0
STAGE = Stage(machine=MACHINE, name="Development cluster", adapter="slurm", devices=ALL_DEVICES)
FILE = f"""# The development cluster as Fabrica speaks to it; every key: docs/operator/slurm.md
cluster = "dev"
partition = "all"
gpus_per_node = 2
conf = "{ROOT}/etc/slurm.conf"
setup = ["export GLOO_SOCKET_IFNAME=lo  # the virtual nodes share this machine's loopback"]

[programmes.playground]
partition = "all"

[programmes.fast-lane]
partition = "large"
priority = 100
"""


def describe(machines: Path) -> None:
    """Write the machine's file. Raises Refused where the development cluster is not up."""
    if not (ROOT / "up").exists():
        raise Refused("The development cluster is not up.", todo="Run `make cluster` as root first.")
    write_atomic(machines / f"{MACHINE}.toml", FILE)


def arrive(play: Play) -> None:
    """A second firm gets hours of a mode that takes precedence."""
    lea = replace(play, tokens={**play.tokens, "ada": play.tokens["lea"]}, call=CALL, project="", application={})
    apply(lea)
    decide(lea)
    play.rival = lea.project


def train_and_give_way(play: Play) -> None:
    """5. `fabrica train` on two processes; a job of higher precedence takes the machine in the middle; it goes on."""
    play.launch = ("--devices", str(PROCESSES), "--nodes", str(NODES))
    with Precedence(play) as precedence:
        train(play)
    if precedence.error:
        raise Refused(f"Nothing took precedence: {precedence.error}")
    play.starts = check_bill(play)


class Precedence:
    """Takes the machine for some seconds once the run is well under way; `error` tells where that failed."""

    def __init__(self, play: Play) -> None:
        self.play, self.error = play, ""
        self._before = {row["number"] for row in play.clients["ada"].pages(f"/projects/{play.project}/runs")}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(1.0)

    def _run(self) -> None:
        try:
            ada, lea = (Client(self.play.url, self.play.tokens[who]) for who in ("ada", "lea"))
            if self._is_under_way(ada):
                body: dict[str, Any] = {"command": ["sleep", str(LARGE_SECONDS)], "time_limit_seconds": 60}
                lea.post(f"/projects/{self.play.rival}/runs", {**body, "devices": ALL_DEVICES})
        except Problem as problem:
            self.error = str(problem)

    def _is_under_way(self, ada: Client) -> bool:
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            rows = [row for row in ada.pages(f"/projects/{self.play.project}/runs")
                    if row["number"] not in self._before]  # fmt: skip
            if rows and rows[0]["step"] >= EARLIEST_STEP:
                return True
            time.sleep(0.5)
        self.error = "the run was not under way in time"
        return False


def check_bill(play: Play) -> int:
    """How often the run started, after Slurm's own accounting, asked past Fabrica, gave the same bill.

    Raises Refused where the bill differs, or the run was never interrupted.
    """
    job_ids = ",".join(one["job_id"] for one in play.run["attempts"])
    fields = "--format=ElapsedRaw,AllocTRES"
    command = ["sacct", "--noheader", "--parsable2", "--duplicates", "--allocations", "--jobs", job_ids, fields]
    env = {"PATH": os.environ["PATH"], "SLURM_CONF": f"{ROOT}/etc/slurm.conf"}
    lines = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - an argument list
    starts = [(int(seconds), tres) for seconds, _, tres in (line.partition("|") for line in lines) if tres]
    told = sum(seconds * _gpus(tres) for seconds, tres in starts)
    if told != play.run["used_gpu_seconds"]:
        raise Refused(
            f"The run was billed {play.run['used_gpu_seconds']} GPU-seconds; Slurm's accounting says {told}.",
            todo="Look at the run's attempts and at sacct.",
        )
    if len(starts) <= 1:
        raise Refused("The run was never interrupted.", todo="Look at the log of the worker and of slurmctld.")
    return len(starts)


def _gpus(tres: str) -> int:
    return next(int(one.partition("=")[2]) for one in tres.split(",") if one.startswith("gres/gpu="))


def scenes() -> list[tuple[str, Callable[[Play], None]]]:
    """The scenes of the play, with the second firm before the training, and the interruption in it."""
    training = ("Training on two nodes, giving way once", train_and_give_way)
    told = [training if scene is train else (title, scene) for title, scene in SCENES]
    return [*told[:3], ("A second firm with precedence", arrive), *told[3:]]
