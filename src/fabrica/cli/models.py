"""`fabrica models`: list, show, release, review, evaluate, download; verify and write documents on the files alone."""

import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from fabrica.cli import account
from fabrica.cli.client import Client, path_of
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.files import FileFact, sha256_file, write_atomic
from fabrica.kit.signing import load_public_key
from fabrica.registry.engine import read_revoked, verify_folder
from fabrica.registry.engine.documents import completeness, render_all
from fabrica.registry.engine.manifest import FACTS

app = typer.Typer(no_args_is_help=True, help="Trained models: list, show, release, review, evaluate, download, verify.")
MAX_FILES, MAX_FACTS_BYTES = 10_000, 50_000_000


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
    show(client.get(path_of("models", *_named(client, name))), as_json=as_json)


@app.command()
@command
def release(
    name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")],
    justification: Annotated[
        str, typer.Option(help="Why it may be published though a figure failed, or none was measured; all read it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take each step to publication that you may take, and say what is missing. Exit status 1 until it is published."""
    client = account.connect()
    path = path_of("models", *_named(client, name))
    _tell_way(client.post(f"{path}/release", {"justification": justification}), as_json=as_json, wanted="published")


@app.command()
@command
def review(
    name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")],
    note: Annotated[str, typer.Option(help="What you looked at and found, or why you send it back.")],
    send_back: Annotated[bool, typer.Option("--send-back", help="Make it a draft again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Agree, as a second person, to the publication of a version, or send it back."""
    client = account.connect()
    path = path_of("models", *_named(client, name))
    _tell_way(client.post(f"{path}/review", {"note": note, "is_sent_back": send_back}), as_json=as_json)


def _tell_way(told: dict[str, Any], *, as_json: bool, wanted: str = "") -> None:
    show(told, as_json=as_json, columns=("state",))
    if not as_json:
        for one in told["missing"]:
            say(f"Missing: {one['what']} {one['todo']}".rstrip())
    if wanted and told["state"] != wanted:
        raise typer.Exit(1)


@app.command()
@command
def evaluate(
    name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")],
    full: Annotated[
        bool, typer.Option("--full/--quick", help="Four times as much text, and tighter intervals.")
    ] = False,
    data: Annotated[
        list[str] | None, typer.Option(help="A dataset staged into its project; default: those it was trained on.")
    ] = None,
    seed: Annotated[int, typer.Option(help="What is drawn by dice follows it.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Have a version evaluated again, in a run that its project's award pays. Its results join those there are."""
    client = account.connect()
    path = path_of("models", *_named(client, name))
    wish = {"profile": "full" if full else "quick", "data": data or [], "seed": seed}
    told = client.post(f"{path}/evaluations", wish)
    show(told, as_json=as_json, columns=("number", "state", "run_number", "profile", "seed"))


@app.command()
@command
def download(
    name: Annotated[str, typer.Argument(help="SLUG or SLUG@NUMBER.")],
    folder: Annotated[Path | None, typer.Option(help="Where to; default: a new folder SLUG-NUMBER.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a version's files, each checked against its SHA-256."""
    client = account.connect()
    slug, number = _named(client, name)
    path = path_of("models", slug, number)
    version = client.get(path)
    target = folder or Path(f"{slug}-{number}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refused(f"{target} is not an empty folder.", todo="Name another folder with --folder.")
    files = _checked(version["files"], target)
    for one in files:
        _fetch(client, path, one, target)
    told = {"folder": str(target), "files": len(files), "key_fingerprint": version["key_fingerprint"]}
    show(told, as_json=as_json)
    if not as_json:
        say(f"Now verify it: fabrica models verify {target} --key SITE.pub")


def _checked(files: list[dict[str, Any]], target: Path) -> list[FileFact]:
    """The files that the site names, each inside the folder and none twice. Raises Refused before any is fetched."""
    if len(files) > MAX_FILES:
        raise Refused(f"The site names {len(files)} files; {MAX_FILES} is the most.")
    found = [FileFact(str(one["path"]), int(one["size_bytes"]), str(one["sha256"])) for one in files]
    # Folded, because some computers hold Model and model for the same file.
    names = [str(_inside(target, one.path)).casefold() for one in found]
    if len(set(names)) != len(names):
        raise Refused("The site names a file twice.")
    return found


def _fetch(client: Client, path: str, fact: FileFact, folder: Path) -> None:
    """Fetch a file beside its place and put it there once its hash is right; an altered one is not kept."""
    target = _inside(folder, fact.path)
    partial = target.with_name(f".{target.name}.part")
    try:
        client.download(path + path_of("files") + path_of(*PurePosixPath(fact.path).parts), partial, fact.size_bytes)
        if (found := sha256_file(partial)) != fact.sha256:
            why = f"Expected {fact.sha256}, found {found}."
            raise Refused(f"{fact.path} arrived altered.", why=why, todo="Fetch it again.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _inside(folder: Path, name: str) -> Path:
    """The path of a file in a folder; a name that leads outside is refused, whatever the site says."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or not name.isprintable() or set(name) & set("\\:"):
        raise Refused(f"The site names a file {name!r} that would lie outside {folder}.")
    return folder.joinpath(*pure.parts)


@app.command()
@command
def verify(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The model's folder.")],
    key: Annotated[Path | None, typer.Option(help="The site's public key, from a source you trust.")] = None,
    fingerprint: Annotated[
        list[str] | None,
        typer.Option(help="Or a key's fingerprint, sha256:…, from a source you trust; repeatable."),
    ] = None,
    revoked: Annotated[Path | None, typer.Option(help="The site's list of revoked keys.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a model's files and released documents with a trusted key; needs no site. Exit status 1 unless verified."""
    if key is None and not fingerprint:
        raise Refused(
            "Verifying needs a key you trust.",
            why="A key that comes with the files proves nothing.",
            todo="Give --key FILE or --fingerprint sha256:…, from the site's own page.",
        )
    trusted = load_public_key(key) if key else None
    first, *more = [""] if trusted else (fingerprint or [""])
    also = (fingerprint or []) if trusted else more
    lost = read_revoked(revoked) if revoked else ()
    verdict = verify_folder(folder, trusted, first or None, revoked=lost, also=also)
    show(verdict.as_dict(), as_json=as_json, columns=("state", "name", "releases", "signer", "what", "why", "todo"))
    if not as_json:
        for change in verdict.changes:
            say(str(change))
    if not verdict.is_verified:
        raise typer.Exit(1)


@app.command()
@command
def documents(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder with a facts.json.")],
    to: Annotated[Path, typer.Option(help="Where to: a new or empty folder.")],
    as_json: AsJson = False,
) -> None:
    """Write the documents of a model from its facts.json, and say what they lack; needs no site."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Refused(f"{to} is not an empty folder.", todo="Name another folder with --to.")
    facts = _facts(folder / FACTS)
    texts, found = render_all(facts), completeness(facts)
    for name, raw in texts.items():
        write_atomic(to / name, raw)
    told = {"folder": str(to), "files": list(texts), **found.as_dict()}
    if as_json:
        show(told, as_json=True)
        return
    rows = [{"file": one.file, "known": f"{one.known} of {one.required}", "owed": one.owed} for one in found.documents]
    show(rows, as_json=False, columns=("file", "known", "owed"), empty="")
    say(f"The facts are complete to {found.score} %; {len(found.missing)} are missing. --json names them.")


def _facts(path: Path) -> dict[str, Any]:
    """The facts in a file. Raises Refused where it holds none, or is too large."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_FACTS_BYTES else b""
        found = json.loads(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"{path} cannot be read as facts.", why=str(error)) from error
    if not isinstance(found, dict):
        raise Refused(f"{path} holds no facts.", why="It is no JSON object.")
    return found


def _named(client: Client, name: str) -> tuple[str, int]:
    """Slug and number of SLUG@NUMBER; the newest version where no number is given. Raises Refused, NotFound."""
    slug, _, number = name.partition("@")
    if not number:
        newest = next(client.pages(path_of("models", slug), most=1), None)
        if newest is None:
            raise NotFound(f"{slug} has no version yet.")
        return slug, int(newest["number"])
    if not (number.isascii() and number.isdigit()):
        raise Refused(f"{name} names no version.", todo="It reads SLUG@NUMBER; see `fabrica models list`.")
    return slug, int(number)
