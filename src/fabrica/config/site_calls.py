"""`fabrica-site calls`: open, pause and close calls."""

from typing import Annotated

import typer

from fabrica.config.site import start, telling

app = typer.Typer(no_args_is_help=True, help="Open, pause and close calls.")


@app.command("open")
def open_(machine: str, mode: str, slug: str, title: str) -> None:
    """Open a mode on a machine, such as `open leonardo playground playground-2026 "Playground 2026"`."""
    start()
    from fabrica.calls import services
    from fabrica.clusters.queries import machine_by_slug
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        services.open_call(slug=slug, title=title, mode=mode, machine=machine_by_slug(machine), by=by, now=now)
    typer.echo(f"The call {slug} is open.")


@app.command("set")
def set_(slug: str, state: str, reason: Annotated[str, typer.Option(help="What applicants read.")] = "") -> None:
    """Set a call open, paused or closed."""
    start()
    from fabrica.calls import queries, services
    from fabrica.calls.states import State
    from fabrica.config.setup import operator
    from fabrica.kit.errors import Refused

    with telling():
        if state not in State.values:
            raise Refused(f"{state} is no state of a call.", todo=f"Use one of: {', '.join(State.values)}.")
        by, now = operator()
        services.set_state(call=queries.call_by_slug(slug), state=State(state), by=by, now=now, reason=reason)
    typer.echo(f"The call {slug} is {state}.")
