"""`fabrica-site backup` and `fabrica-site restore`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fabrica.config.site import app, start, telling


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    storage: Annotated[bool, typer.Option("--storage", help="Data, runs and models too.")] = False,
) -> None:
    """Write the database, the keys and the anchor file into FOLDER, while the site goes on. Whole or not at all."""
    start()
    from fabrica.config.backup import making
    from fabrica.kit.time import utcnow
    from fabrica.kit.units import size

    with telling():
        made = making.make(folder.absolute(), with_storage=storage, now=utcnow())
    weight = size(sum(fact.size_bytes for fact in made.files))
    typer.echo(f"{folder} holds {len(made.files)} files, {weight}, of a database of {made.vendor}.")
    if not any(fact.path == "secret-key" for fact in made.files):
        typer.echo("The secret key is not among them: it comes from FABRICA_SECRET_KEY. Keep it yourself.")
    if not storage:
        typer.echo("The storage is not among them (--storage).")


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Also where the site is not empty.")] = False,
) -> None:
    """Check FOLDER to the last byte, put it in the place of this site, then verify the audit chain and the ledger."""
    from fabrica.config.backup.folder import checked

    folder = folder.absolute()
    with telling():
        checked(folder)
    _borrow_secret_key(folder)
    start()
    from fabrica.config.backup import restoring
    from fabrica.kit.time import utcnow

    with telling():
        done = restoring.restore(folder, replace=replace, now=utcnow())
    for path in done.kept:
        typer.echo(f"What was there is kept in {path}.")
    typer.echo(f"Restored from {done.manifest.made_at}.")
    if done.chain is None:
        typer.echo(f"{done.waiting} migrations wait: run `fabrica-site init`, then `fabrica-site audit verify`.")
        return
    for problem in (*done.chain.problems, *done.ledger):
        typer.echo(problem, err=True)
    if not done.chain.holds or done.ledger:
        typer.echo("It is as the backup has it, but these books do not hold.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit chain holds over {done.chain.entry_count} entries, and every sum of the ledger holds.")


def _borrow_secret_key(folder: Path) -> None:
    """On a bare machine there is no secret key before it is restored: this process takes the one in the backup."""
    home = Path(os.environ.get("FABRICA_HOME", "var/site"))
    named = os.environ.get("FABRICA_SECRET_KEY") or os.environ.get("FABRICA_SECRET_KEY_FILE")
    if not named and not (home / "secret-key").exists() and (folder / "secret-key").is_file():
        os.environ["FABRICA_SECRET_KEY_FILE"] = str(folder / "secret-key")
