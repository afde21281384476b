"""`fabrica ssh-keys`: the keys with which you enter the machines your projects have hours on."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fabrica.cli import account
from fabrica.cli.client import path_of
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import NotFound, Refused

app = typer.Typer(no_args_is_help=True, help="SSH keys: list, add, remove.")
COLUMNS = ("id", "name", "kind", "fingerprint", "added_at")
MAX_BYTES = 8_000


@app.command("list")
@command
def list_(as_json: AsJson = False) -> None:
    """Your SSH keys, newest first."""
    empty = "No SSH key yet: `fabrica ssh-keys add ~/.ssh/id_ed25519.pub` adds one."
    show(account.connect().get("/me/ssh-keys"), as_json=as_json, columns=COLUMNS, empty=empty)


@app.command()
@command
def add(
    path: Annotated[Path, typer.Argument(help="The file that ends in .pub; '-' for standard input.")],
    name: Annotated[str, typer.Option(help="Where you use it, such as: my laptop. Left out: the file's name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter machines with another SSH key. You are told by mail."""
    body = {"name": name or path.name, "key": _read(path)}
    show(account.connect().post("/me/ssh-keys", body), as_json=as_json, columns=COLUMNS)


def _read(path: Path) -> str:
    """The public key in a file. Raises Refused; a private key never leaves this computer."""
    if str(path) == "-":
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    if b"PRIVATE KEY" in raw:
        raise Refused(f"{path} holds a private key.", why="It was not sent.", todo="Give the file that ends in .pub.")
    if len(raw) > MAX_BYTES:
        raise Refused(f"{path} is no public key: it is too long.", todo="Give the file that ends in .pub.")
    return raw.decode(errors="replace").strip()


@app.command()
@command
def remove(
    key: Annotated[str, typer.Argument(help="Its id or fingerprint, as `fabrica ssh-keys list` shows them.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Enter no machine with this SSH key any more; who is signed in with it stays signed in."""
    client = account.connect()
    found = next((one for one in client.get("/me/ssh-keys") if key in (str(one["id"]), one["fingerprint"])), None)
    if found is None:
        raise NotFound(f"You have no SSH key {key}.", todo="See `fabrica ssh-keys list`.")
    if not yes and not typer.confirm(f"Remove the SSH key {found['name']} ({found['fingerprint']})?", err=True):
        raise typer.Exit(1)
    client.delete(path_of("me", "ssh-keys", found["id"]))
    say(f"The SSH key {found['name']} opens no machine any more.")
