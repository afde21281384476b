"""`fabrica login | logout | whoami | calls`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fabrica.cli import account
from fabrica.cli.client import Client, NotSignedIn
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import NotFound, Refused


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)
    app.command()(calls)


@command
def login(
    url: Annotated[str, typer.Argument(help="The site, such as https://factory.example.eu.")] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token; '-' for standard input. Left out: you are asked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign in with a personal token from your account page; it is kept readable for you only."""
    if token_file is None:
        token = typer.prompt("Token (from your account page; it is not shown)", hide_input=True, err=True)
    else:
        token = _read(token_file)
    try:
        me = Client(url, token.strip()).get("/me")
    except NotSignedIn as problem:
        raise NotSignedIn(
            "The site does not know this token.",
            why="It was mistyped, has ended, or was revoked.",
            todo=f"Make a new one at {url.rstrip('/')}/account/tokens/new/.",
        ) from problem
    except NotFound as problem:
        raise NotFound(
            f"There is no Fabrica site at {url}.",
            todo="Give its address without a path, such as https://factory.example.eu.",
        ) from problem
    path = account.keep(url, token.strip())
    show({**me, "kept_in": str(path)}, as_json=as_json, columns=("name", "email", "scopes", "kept_in"))
    if not me["terms_accepted"] and not as_json:
        say("Accept the terms of use on the portal before you go on.")


def _read(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be read.", why=str(error.strerror)) from error


@command
def logout() -> None:
    """Forget the sign-in on this computer. The token works on elsewhere until you revoke it on your account page."""
    say("Signed out." if account.forget() else "You were not signed in.")


@command
def whoami(as_json: AsJson = False) -> None:
    """Who the token stands for, and what it may do."""
    show(account.connect().get("/me"), as_json=as_json, columns=("name", "email", "roles", "scopes", "organisations"))


@command
def calls(as_json: AsJson = False) -> None:
    """The calls one can apply to, with their limits and promises."""
    rows = account.connect().get("/calls")
    columns = ("slug", "title", "is_open", "gpu_hours_max", "months", "access_working_days", "machine")
    show(rows, as_json=as_json, columns=columns, empty="No call is open now.")
