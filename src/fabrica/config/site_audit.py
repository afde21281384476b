"""`fabrica-site audit`: check the chain."""

import typer

from fabrica.config.site import start

app = typer.Typer(no_args_is_help=True, help="The audit chain.")


@app.callback()
def group() -> None:
    """The audit chain."""


@app.command()
def verify() -> None:
    """Recompute the chain, check every signature and hold it against the anchor file. Exit status 1 if it breaks."""
    start()
    from django.conf import settings

    from fabrica.audit import queries

    verdict = queries.verify_site(keys=settings.FABRICA_KEYS, anchor=settings.FABRICA_ANCHOR_FILE)
    typer.echo(
        f"{verdict.seal_count} seals over {verdict.entry_count} entries, {verdict.anchor_count} anchored, "
        f"{verdict.unsealed_count} not sealed yet."
    )
    for problem in verdict.problems:
        typer.echo(problem, err=True)
    if not verdict.holds:
        raise typer.Exit(1)
    typer.echo("The chain holds.")
