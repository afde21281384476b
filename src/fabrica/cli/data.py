"""`fabrica data`: find, accept, stage and publish datasets."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli import account, waiting
from fabrica.cli.client import Client, path_of
from fabrica.cli.output import AsJson, command, errors, show
from fabrica.cli.projects import project_of
from fabrica.kit.errors import Refused
from fabrica.kit.files import list_files

app = typer.Typer(no_args_is_help=True, help="Datasets: find, accept, stage, publish.")
Project = Annotated[str, typer.Option("--project", "-p", help="The project, if you have several.")]


@app.command("list")
@command
def list_(words: Annotated[str, typer.Argument(help="Words to look for.")] = "", as_json: AsJson = False) -> None:
    """The catalogue."""
    columns = ("slug", "title", "licence", "provider", "language", "newest_uri")
    rows = list(account.connect().pages("/datasets", q=words))
    show(rows, as_json=as_json, columns=columns, empty="No dataset fits.")


@app.command("show")
@command
def show_(slug: str, as_json: AsJson = False) -> None:
    """One dataset: licence, policy, versions."""
    show(account.connect().get(path_of("datasets", slug)), as_json=as_json)


@app.command()
@command
def accept(
    uri: Annotated[str, typer.Argument(help="Such as fabrica:python-stdlib@1.")],
    project: Project = "",
    yes: Annotated[bool, typer.Option("--yes", help="I have read licence and policy.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accept a dataset's licence and policy for your project."""
    client = account.connect()
    show(accept_for(client, project_of(client, project), uri, yes=yes, ask=not as_json), as_json=as_json)


def accept_for(client: Client, project: str, uri: str, *, yes: bool, ask: bool) -> dict[str, Any]:
    """Show licence and policy, have them accepted, and return the agreement. Raises Refused without a yes."""
    terms: dict[str, str] = {}
    if not yes:
        if not ask:
            raise Refused("Licence and policy were not accepted.", todo="Read them, then add --yes.")
        dataset = client.get(path_of("datasets", slug_of(uri)))
        show(dataset, as_json=False, columns=("title", "provider", "licence", "licence_url", "policy_text"))
        if not typer.confirm(f"Accept them for the project {project}?", err=True):
            raise Refused("Not accepted; nothing was staged.")
        terms["terms_sha256"] = str(dataset["terms_sha256"])  # what was read is what is accepted
    agreement: dict[str, Any] = client.post(path_of("projects", project, "agreements"), {"uri": uri, **terms})
    return agreement


@app.command()
@command
def stage(uri: str, project: Project = "", as_json: AsJson = False) -> None:
    """Copy a dataset, hash-checked, to where your runs read it; waits until it is there."""
    client = account.connect()
    name = project_of(client, project)
    staging = client.post(path_of("projects", name, "stagings"), {"uri": uri})
    show(waiting.staged(client, name, staging), as_json=as_json, columns=("uri", "state", "size_bytes", "sha256"))


@app.command()
@command
def publish(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    slug: Annotated[str, typer.Option(help="Short name in addresses.")],
    title: Annotated[str, typer.Option()],
    licence: Annotated[str, typer.Option(help="SPDX identifier, such as CC-BY-4.0.")],
    policy: Annotated[str, typer.Option(help="Under which conditions it may be used.")],
    description: Annotated[str, typer.Option()] = "",
    licence_url: Annotated[str, typer.Option()] = "",
    language: Annotated[str, typer.Option(help="Two letters, such as en.")] = "en",
    personal_data: Annotated[bool, typer.Option("--personal-data/--no-personal-data")] = False,
    organisation: Annotated[str, typer.Option(help="uid of your organisation, if you have several.")] = "",
    as_json: AsJson = False,
) -> None:
    """Publish the files of a folder as a new dataset. For people with the role of data provider."""
    client = account.connect()
    body = {
        "slug": slug, "title": title, "licence": licence, "policy_text": policy, "description": description,
        "licence_url": licence_url, "language": language, "has_personal_data": personal_data,
        "organisation": organisation or only_organisation(client),
    }  # fmt: skip
    client.post("/datasets", body)
    number = client.post(path_of("datasets", slug, "versions"))["number"]
    draft = path_of("datasets", slug, "versions", number)
    upload_folder(client, f"{draft}/files", folder)
    show(client.post(f"{draft}/publish"), as_json=as_json)


def upload_folder(client: Client, path: str, folder: Path) -> Any:
    """Send a folder as one archive, which keeps the names of its subfolders. Raises Refused for an empty one."""
    with _packed(folder) as archive:
        return client.upload(path, [("data.zip", archive)])


@contextmanager
def _packed(folder: Path) -> Iterator[Path]:
    found = list_files(folder)
    files = [one for one in found if not any(part.startswith(".") for part in one.relative_to(folder).parts)]
    if not files:
        raise Refused(f"{folder} holds no files.")
    if left := len(found) - len(files):
        errors.print(f"Hidden files stay here: {left} whose path has a name that begins with a dot.")
    with tempfile.TemporaryDirectory() as scratch, waiting.bar() as progress:
        archive = Path(scratch) / "data.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for one in progress.track(files, description="Packing"):
                packed.write(one, one.relative_to(folder).as_posix())
        yield archive


def upload_own(
    client: Client, project: str, folder: Path, rights: bool | None, personal: bool | None, *, ask: bool
) -> dict[str, Any]:
    """Send one's own text into a project, after two questions; returns its version. Raises Refused without rights."""
    if (rights is None or personal is None) and not ask:
        raise Refused("Two answers are missing.", todo="Give --rights and --personal-data or --no-personal-data.")
    if rights is None:
        rights = typer.confirm("Do you have the right to use this text for training?", err=True)
    if personal is None:
        personal = typer.confirm("Is there personal data in it (names, faces, anything about people)?", err=True)
    answers = {"has_rights": str(rights).lower(), "has_personal_data": str(personal).lower()}
    with _packed(folder) as archive:
        version: dict[str, Any] = client.upload(
            path_of("projects", project, "own-data"),
            [("data.zip", archive)],
            {"title": folder.resolve().name, **answers},
        )
    return version


def only_organisation(client: Client) -> str:
    """The uid of the one organisation the person works for. Raises Refused where there is none or several."""
    mine = client.get("/me")["organisations"]
    if len(mine) != 1:
        names = ", ".join(f"{one['uid']} ({one['name']})" for one in mine) or "none"
        raise Refused("For which organisation?", todo=f"Name it with --organisation. Yours: {names}.")
    return str(mine[0]["uid"])


def slug_of(uri: str) -> str:
    """The dataset's slug in `fabrica:<slug>@<number>`. Raises Refused for anything else."""
    scheme, _, rest = uri.partition(":")
    slug, at, number = rest.partition("@")
    if scheme != "fabrica" or not slug or not at or not number.isdigit():
        raise Refused(f"{uri} names no dataset.", todo="It reads fabrica:NAME@VERSION; see `fabrica data list`.")
    return slug


@app.command()
@command
def usage(slug: str, as_json: AsJson = False) -> None:
    """Who used a dataset of yours, and for what. For members of the providing organisation."""
    columns = ("uri", "organisation", "project", "purpose", "agreed_at", "staging_state")
    rows = list(account.connect().pages(path_of("datasets", slug, "usage")))
    show(rows, as_json=as_json, columns=columns, empty="Nobody yet.")
