"""`fabrica-site forms`: what application forms ask for, out as a JSON file and in again as a new version."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fabrica.config.site import start, telling

app = typer.Typer(no_args_is_help=True, help="Show and change what the application form of a mode asks for.")
MAX_BYTES = 100_000


@app.command("show")
def show(
    mode: str,
    number: Annotated[int | None, typer.Option("--version", help="An older version, by its number.")] = None,
) -> None:
    """Print what the form of a mode asks for now, or asked for then, such as `show large-scale > form.json`."""
    start()
    from fabrica.calls import queries

    with telling():
        queries.newest_row(mode)
        row = queries.form_row(mode) if number is None else queries.form_version(mode, number).row
    typer.echo(json.dumps(row, ensure_ascii=False, indent=1))


@app.command("check")
def check(file: Path) -> None:
    """Say whether a file could be kept as a form, and what it asks for; nothing is written."""
    start()
    from fabrica.calls.engine.form import form_from
    from fabrica.kit.errors import Refused

    with telling():
        row = _read(file)
        try:
            form = form_from(row)
        except ValueError as error:
            raise Refused("This form makes no sense.", why=str(error)) from error
    for part in form.sections:
        typer.echo(part.title["en"])
        for one in part.items:
            typer.echo(f"  {one}" if isinstance(one, str) else f"  {one.key} ({one.kind}): {one.label['en']}")


@app.command("keep")
def keep(mode: str, file: Path, note: Annotated[str, typer.Option(help="Why, for colleagues.")] = "") -> None:
    """Keep a file as the new version of a mode's form. Drafts go on with theirs until their writers take it."""
    start()
    from fabrica.calls import services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        kept = services.keep_form(mode=mode, row=_read(file), by=by, now=now, note=note)
    typer.echo(f"Version {kept.number} of the form of {mode} is in force.")


def _read(file: Path) -> dict[str, object]:
    """The JSON object of a file. Raises Refused."""
    from fabrica.kit.errors import Refused

    try:
        with file.open("rb") as source:
            told = json.loads(source.read(MAX_BYTES + 1))
    except OSError as error:
        raise Refused(f"{file} cannot be read.", why=error.strerror or "") from error
    except ValueError as error:
        raise Refused(f"{file} is no JSON of at most {MAX_BYTES} bytes.", why=str(error)) from error
    if not isinstance(told, dict):
        raise Refused(f"{file} is no JSON object.")
    return told
