"""`fabrica-site tariff`: what a site sells hours by."""

from pathlib import Path
from typing import Annotated

import typer

from fabrica.config.site import start, telling

app = typer.Typer(no_args_is_help=True, help="What a site sells hours by.")


@app.command("set")
def set_tariff(
    site: str,
    file: Annotated[Path, typer.Argument(help="Prices, seller and VAT: docs/operator/invoices.md.", exists=True)],
) -> None:
    """Set what a site sells by from a day on, such as `tariff set here tariff-2027.json`; awards keep their price."""
    start()
    from fabrica.allocations.engine.tariffs import MAX_BYTES
    from fabrica.allocations.services.pricing import set_tariff as keep
    from fabrica.clusters.queries import site_by_slug
    from fabrica.config.setup import operator

    with telling(), file.open("rb") as opened:
        raw = opened.read(MAX_BYTES + 1)
        by, now = operator()
        made = keep(site=site_by_slug(site), raw=raw, by=by, now=now)
    typer.echo(f"{made}, from {made.starts_on.isoformat()}.")
    for one in made.rule.prices:
        typer.echo(f"  {one.machine}: {one.micros / 1_000_000:g} EUR for a {one.unit} ({one.gpus_per_unit} GPU)")


@app.command()
def show(site: str) -> None:
    """Every tariff of a site, the newest first."""
    start()
    from fabrica.allocations.queries.invoices import tariffs_of
    from fabrica.clusters.queries import site_by_slug

    with telling():
        found = list(tariffs_of(site_by_slug(site)).select_related("site")[:100])
    for one in found:
        until = f" until {one.ends_on.isoformat()}" if one.ends_on else ""
        typer.echo(f"{one}, from {one.starts_on.isoformat()}{until}: {one.rule.source}")
    if not found:
        typer.echo("None yet: docs/operator/invoices.md says how to set one.")
