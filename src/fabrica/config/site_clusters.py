"""`fabrica-site clusters`: sites and machines."""

from typing import Annotated

import typer

from fabrica.config import site_desired
from fabrica.config.site import start, telling
from fabrica.kit.units import gpu_seconds

app = typer.Typer(no_args_is_help=True, help="Sites and machines.")
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
    from fabrica.clusters.models import Site
    from fabrica.config.setup import operator
    from fabrica.kit.errors import NotFound, Refused

    with telling():
        found = Site.objects.filter(slug=site).first()
        if found is None:
            raise NotFound(f"There is no site {site}.", todo="Register it with `clusters add-site`.")
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
    """Put hours into the pool that awards on a machine are made from."""
    start()
    from fabrica.allocations import services
    from fabrica.clusters.queries import machine_by_slug
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        key = f"fund:{slug}:{now.isoformat()}"
        services.fund(machine=machine_by_slug(slug), gpu_seconds=gpu_seconds(gpu_hours), key=key, by=by, now=now)
    typer.echo(f"{gpu_hours:,.0f} GPU-hours were added to the pool of {slug}.")
