"""`fabrica models`: list, show, download, and verify on the files alone."""

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from fabrica.cli import account
from fabrica.cli.client import Client
from fabrica.cli.output import AsJson, command, console, show
from fabrica.kit.errors import Refused
from fabrica.kit.files import sha256_file
from fabrica.kit.signing import load_public_key
from fabrica.registry.engine import read_revoked, verify_folder

app = typer.Typer(no_args_is_help=True, help="Trained models: list, show, download, verify.")


@app.command("list")
@command
def list_(as_json: AsJson = False) -> None:
    """The models you may see."""
    columns = ("model", "number", "title", "project", "state", "registered_at")
    show(list(account.connect().pages("/models")), as_json=as_json, columns=columns, empty="No models yet.")


@app.command("show")
@command
def show_(name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")], as_json: AsJson = False) -> None:
    """One version: how it was made, how it measures, its files."""
    client = account.connect()
    show(client.get(_path(client, name)), as_json=as_json)


@app.command()
@command
def download(
    name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")],
    folder: Annotated[Path | None, typer.Option(help="Where to; default: a new folder SLUG-NUMBER.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a version's files, each checked against its SHA-256."""
    client = account.connect()
    path = _path(client, name)
    version = client.get(path)
    target = folder or Path(f"{version['model']}-{version['number']}")
    if target.exists() and any(target.iterdir()):
        raise Refused(f"{target} is not empty.", todo="Name another folder with --folder.")
    for one in version["files"]:
        _fetch(client, f"{path}/files/{one['path']}", _inside(target, one["path"]), one["sha256"])
    told = {"folder": str(target), "files": len(version["files"]), "key_fingerprint": version["key_fingerprint"]}
    show(told, as_json=as_json)
    if not as_json:
        console.print(f"Now verify it: fabrica models verify {target} --key SITE.pub")


def _fetch(client: Client, path: str, target: Path, sha256: str) -> None:
    client.download(path, target)
    if (found := sha256_file(target)) != sha256:
        raise Refused(f"{target} arrived altered.", why=f"Expected {sha256}, found {found}.", todo="Fetch it again.")


def _inside(folder: Path, name: str) -> Path:
    """The path of a file in a folder; a name that leads outside is refused, whatever the site says."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise Refused(f"The site names a file {name!r} that would lie outside {folder}.")
    return folder.joinpath(*pure.parts)


@app.command()
@command
def verify(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The model's folder.")],
    key: Annotated[Path | None, typer.Option(help="The site's public key, from a source you trust.")] = None,
    fingerprint: Annotated[str, typer.Option(help="Or the key's fingerprint, sha256:…, from a source you trust.")] = "",
    revoked: Annotated[Path | None, typer.Option(help="The site's list of revoked keys.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a model's files with a trusted key; needs no site. Exit status 1 unless it is verified."""
    if key is None and not fingerprint:
        raise Refused(
            "Verifying needs a key you trust.",
            why="A key that comes with the files proves nothing.",
            todo="Give --key FILE or --fingerprint sha256:…, from the site's own page.",
        )
    trusted = load_public_key(key) if key else None
    verdict = verify_folder(folder, trusted, fingerprint or None, revoked=read_revoked(revoked) if revoked else ())
    show(verdict.as_dict(), as_json=as_json, columns=("state", "name", "signer", "what", "why", "todo"))
    if not as_json:
        for change in verdict.changes:
            console.print(str(change), markup=False, highlight=False)
    if not verdict.is_verified:
        raise typer.Exit(1)


def _path(client: Client, name: str) -> str:
    """The API's path of SLUG@NUMBER; the newest version where no number is given."""
    slug, _, number = name.partition("@")
    if not number:
        number = str(client.get(f"/models/{slug}")["rows"][0]["number"])
    return f"/models/{slug}/{number}"
