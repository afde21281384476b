"""`fabrica-site clusters part`: what a machine gives in an accounting year, in pools."""

from pathlib import Path
from typing import Annotated

import typer

from fabrica.config.site import start, telling


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(part)


def part(
    machine: str,
    file: Annotated[Path, typer.Argument(help="The year, its pools and caps: docs/operator/pools.md.", exists=True)],
) -> None:
    """Declare what a machine gives in an accounting year, or change it, such as `part leonardo leonardo-2027.json`."""
    start()
    from fabrica.allocations import services
    from fabrica.allocations.engine import hours
    from fabrica.allocations.engine.years import MAX_BYTES, read_year
    from fabrica.clusters.queries import machine_by_slug
    from fabrica.config.setup import operator

    with telling(), file.open("rb") as opened:
        year = read_year(opened.read(MAX_BYTES + 1))
        by, now = operator()
        made = services.set_year(machine=machine_by_slug(machine), year=year, by=by, now=now)
    typer.echo(f"{made}: {hours(made.gpu_seconds)} GPU-hours.")
    for pool in made.pools.select_related("account"):
        left = hours(pool.account.balance_gpu_seconds)
        typer.echo(f"  {pool.name}: {pool.percent.normalize():f} %, {hours(pool.gpu_seconds)} GPU-hours, {left} left")
    for cap in made.caps.all():
        typer.echo(f"  cap {cap.name}: {hours(cap.limit_gpu_seconds)} GPU-hours, {hours(cap.left)} left")
