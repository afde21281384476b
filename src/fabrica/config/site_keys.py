"""`fabrica-site keys`: list, rotate and revoke the keys that models and seals are signed with."""

from typing import Annotated

import typer

from fabrica.config.site import start, telling

app = typer.Typer(no_args_is_help=True, help="The site's signing keys.")


@app.command("list")
def list_() -> None:
    """The keys this site signs or signed with, newest first."""
    start()
    from fabrica.registry import queries

    for key in queries.keys():  # noqa: SIM118 - a query of this name, not a dictionary
        typer.echo(f"{key.state:8} {key.fingerprint} since {key.created_at:%Y-%m-%d}")


@app.command()
def rotate() -> None:
    """Sign with a new key from now on; what the old one signed stays good."""
    start()
    from fabrica.config.setup import operator
    from fabrica.registry import services

    with telling():
        by, now = operator()
        made = services.rotate_key(by=by, now=now)
    typer.echo(f"The new key is {made.fingerprint}. Publish it in a second place; see docs/operator/keys.md.")


@app.command()
def revoke(fingerprint: str, reason: Annotated[str, typer.Option(help="What readers of the list are told.")]) -> None:
    """Say that nothing a key signed is to be trusted. There is no way back."""
    start()
    from fabrica.config.setup import operator
    from fabrica.registry import queries, services

    with telling():
        by, now = operator()
        key = queries.key_of(fingerprint.removeprefix("sha256:"))
        typer.confirm(f"Revoke {key.fingerprint}? Models it signed will no longer verify.", abort=True)
        services.revoke_key(key=key, reason=reason, by=by, now=now)
    typer.echo("Revoked. The public list is at /keys/revoked-keys.json.")
