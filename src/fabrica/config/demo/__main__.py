"""`fabrica-site demo`: set the stage, play, tell, serve."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

ON_SLURM = "slurm" in sys.argv
HOME = Path(os.environ.get("FABRICA_DEMO_FOLDER", "var/demo-slurm" if ON_SLURM else "var/demo")).resolve()
# Settings are read once, when Django is imported below: the demo has a home of its own and answers on loopback only.
# What a real site set in the same shell, also in files (`..._FILE`), must not lead the play there.
for name in [name for name in os.environ if name.startswith(("FABRICA_", "DATABASE_URL"))]:
    del os.environ[name]
os.environ.update(FABRICA_HOME=str(HOME), FABRICA_DEMO="1", FABRICA_HOSTS="127.0.0.1,localhost")
os.environ.update(FABRICA_LOG_LEVEL="WARNING")  # of this terminal; web server and worker keep logs of their own

from rich.console import Console  # noqa: E402 - after the environment

from fabrica.config import site  # noqa: E402 - the same
from fabrica.config.demo import processes  # noqa: E402 - the same
from fabrica.kit.errors import Problem  # noqa: E402 - the same
from fabrica.kit.time import utcnow  # noqa: E402 - the same
from fabrica.kit.units import duration  # noqa: E402 - the same

console = Console(highlight=False)


def main() -> int:
    """Play once; then serve until Ctrl-C, unless told not to. Exit status 1 when a scene failed."""
    wanted = argparse.ArgumentParser(prog="fabrica-site demo")
    wanted.add_argument("--no-serve", action="store_true", help="stop after the play")
    wanted.add_argument("--port", type=int, default=8000)
    wanted.add_argument("--cluster", choices=("local", "slurm"), default="local")
    arguments = wanted.parse_args()
    began = time.monotonic()
    told: dict[str, object] = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    processes.stop_leftovers(HOME)
    site.prepare()
    try:
        prepare()
    except Problem as problem:
        console.print(f"[bold red]{problem}[/]")
        return 1
    port = processes.free_port() if arguments.no_serve else arguments.port
    try:
        with processes.Servers(HOME, port) as servers:
            told = perform(servers, began)
            if not arguments.no_serve:
                invite(servers.url)
                while True:
                    signal.pause()
    except Problem as problem:
        console.print(f"[bold red]The play stopped: {problem}[/]\nLogs: {HOME / 'logs'}")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped. A run that is going on goes on; the next play picks it up.")
        return 0 if told else 130
    return 0 if told["manifest_verified"] and told["audit_chain_verified"] else 1


def prepare() -> None:
    """On Slurm, say what the cluster is. Raises Refused where it is not up."""
    if ON_SLURM:
        from django.conf import settings  # noqa: PLC0415 - contexts exist only after init

        from fabrica.config.demo import on_slurm  # noqa: PLC0415 - the same

        on_slurm.describe(settings.FABRICA_MACHINES)


def perform(servers: processes.Servers, began: float) -> dict[str, object]:
    """Every scene in turn, with its time; then the table."""
    from fabrica.config.demo import on_slurm, report, stage  # noqa: PLC0415 - contexts exist only after init
    from fabrica.config.demo.cast import CAST  # noqa: PLC0415 - the same
    from fabrica.config.demo.play import SCENES, Play  # noqa: PLC0415 - the same

    now = utcnow()
    people = stage.people_of(now)
    machine = stage.machine_of(on_slurm.STAGE if ON_SLURM else stage.Stage(), people["ingrid"], now)
    stage.call_on(machine, people["ingrid"], now)
    stage.large_call_on(machine, people["ingrid"], now)
    if ON_SLURM:
        stage.call_on(machine, people["ingrid"], now, on_slurm.CALL)
    scenes = on_slurm.scenes() if ON_SLURM else SCENES
    tokens = {part.key: stage.token_of(part, people[part.key], now) for part in CAST}
    play = Play(servers.url, tokens, HOME)
    console.print(f"Site, machine and call are there ({duration(time.monotonic() - began)}).")
    for number, (title, scene) in enumerate(scenes, start=1):
        start = time.monotonic()
        console.print(f"[dim]{number}/{len(scenes)} {title} …[/]")
        scene(play)
        console.print(f"[green]✓[/] {number}/{len(scenes)} {title} ({duration(time.monotonic() - start)})")
    told = report.summary(play, audit_holds=stage.audit_holds(), seconds_total=time.monotonic() - began)
    report.write(HOME / "summary.json", told)
    report.table(console, play, told)
    return told


def invite(url: str) -> None:
    """Where the portal is and how each member of the cast signs in."""
    from fabrica.config.demo.cast import CAST, passwords  # noqa: PLC0415 - contexts exist only after init

    words = passwords(HOME)
    console.print(f"\nThe portal is open at [bold]{url}[/] – on this machine only. Ctrl-C ends it.")
    for part in CAST:
        console.print(f"  {part.email:24} {words[part.key]:20} {part.what}")


if __name__ == "__main__":
    sys.exit(main())
