"""`fabrica-site clusters`: sites and machines."""

from typing import Annotated

import typer

from fabrica.config import site_calendar, site_desired, site_names, site_pools
from fabrica.config.site import start, telling
from fabrica.kit.units import gpu_seconds

app = typer.Typer(no_args_is_help=True, help="Sites and machines.")
site_names.register(app)
site_calendar.register(app)
site_pools.register(app)
for name in ("plan", "apply", "drift", "go_live", "dry_run", "mend"):
    app.command(name.replace("_", "-"))(getattr(site_desired, name))


@app.command()
def add_site(slug: str, name: str, country: str) -> None:
    """Register a site, such as `add-site paris "Centre de calcul" FR`."""
    start()
    from fabrica.clusters import services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        services.register_site(slug=slug, name=name, country=country, by=by, now=now)
    typer.echo(f"The site {slug} is registered, in dry run: see docs/operator/clusters.md.")


@app.command()
def add_machine(
    site: str,
    slug: str,
    name: str,
    adapter: Annotated[str, typer.Option(help="How it is spoken to.")] = "local",
    device: Annotated[str, typer.Option(help="The planner's word for its device.")] = "cpu",
    devices: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Register a machine of a site."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator
    from fabrica.kit.errors import Refused

    with telling():
        found = queries.site_by_slug(site)
        if adapter not in queries.adapters():
            raise Refused(f"No adapter is called {adapter}.", todo=f"Use one of: {', '.join(queries.adapters())}.")
        by, now = operator()
        machine = services.register_machine(
            site=found, slug=slug, name=name, adapter=adapter, device=device, devices_total=devices, by=by, now=now
        )
        queries.facts_of(machine)
    typer.echo(f"The machine {slug} is registered. Next: `clusters measure {slug}` and `clusters fund {slug} HOURS`.")


@app.command()
def measure(slug: str, seconds: Annotated[float, typer.Option(min=1, max=600)] = 4.0) -> None:
    """Train for a moment on this computer and keep the rate, for the planner. For machines with the adapter `local`."""
    start()
    from fabrica.config.measure import measure_machine
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        rate = measure_machine(slug, seconds, by=by, now=now)
    typer.echo(f"{slug} trains at {rate / 1e9:,.1f} GFLOP/s per device.")


@app.command()
def fund(slug: str, gpu_hours: float) -> None:
    """Put hours into the undivided pool of a machine; one that is parted by years gets them by `part`."""
    start()
    from fabrica.allocations import services
    from fabrica.clusters.queries import machine_by_slug
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        key = f"fund:{slug}:{now.isoformat()}"
        services.fund(machine=machine_by_slug(slug), gpu_seconds=gpu_seconds(gpu_hours), key=key, by=by, now=now)
    typer.echo(f"{gpu_hours:,.0f} GPU-hours were added to the pool of {slug}.")


@app.command()
def top_up(
    project: str,
    gpu_hours: float,
    key: Annotated[str, typer.Option(help="The same key adds once.")] = "",
    reason: Annotated[str, typer.Option(help="The project's leaders read it.")] = "",
) -> None:
    """Add hours from the machine's pool to a project's award, such as `top-up novalis-reads 100`."""
    start()
    from fabrica.allocations import queries, services
    from fabrica.allocations.engine import hours
    from fabrica.config.setup import operator
    from fabrica.projects.queries import project_of

    with telling():
        by, now = operator()
        award = queries.award_of(project_of(by, project))
        name = key or now.isoformat()
        award = services.top_up(
            award=award, gpu_seconds=gpu_seconds(gpu_hours), key=name, reason=reason, by=by, now=now
        )
    typer.echo(f"The award of {project} has {hours(award.gpu_seconds)} GPU-hours now.")


@app.command()
def usage() -> None:
    """Print how far the accounting of each machine is read, and what in it is charged to nobody."""
    start()
    from fabrica.allocations.engine import hours
    from fabrica.clusters import queries
    from fabrica.kit.time import utcnow
    from fabrica.kit.units import duration

    for one in queries.metering(utcnow()):
        behind = "never read to its end" if one.lag_seconds is None else f"{duration(one.lag_seconds)} behind"
        typer.echo(f"{one.machine}: {behind}; {one.running} running, {one.missed} no longer shown, {one.odd} odd.")
        if one.unusable:
            typer.echo(f"  {one.unusable} records of the last look made no sense.")
        if one.error:
            typer.echo(f"  {one.error}")
    for stray in queries.strays():
        used = hours(stray.gpu_seconds)
        typer.echo(
            f"{stray.machine}: {stray.account or '(no account)'} is nobody's: {stray.jobs} jobs, {used} GPU-hours."
        )
