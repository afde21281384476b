"""`fabrica projects | plan | train | runs | logs | cancel`."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli import account, waiting
from fabrica.cli.client import Client, path_of
from fabrica.cli.data import accept_for, upload_own
from fabrica.cli.output import AsJson, command, say, show
from fabrica.cli.projects import project_of
from fabrica.kit.errors import Refused
from fabrica.kit.units import gpu_hours
from fabrica.trainer.recipe import named, recipe_from, to_dict

Project = Annotated[str, typer.Option("--project", "-p", help="The project, if you have several.")]
Recipe = Annotated[str, typer.Option(help="A recipe's name, or a JSON file.")]
Set = Annotated[list[str] | None, typer.Option("--set", "-s", help="Change a value, such as model.width=256.")]
Data = Annotated[list[str] | None, typer.Option("--data", "-d", help="A dataset (fabrica:NAME@1) or a folder of text.")]
RUN_COLUMNS = ("number", "kind", "state", "reason", "step", "steps", "loss", "used_gpu_seconds", "created_at")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for function in (projects, plan, train, runs, logs, cancel):
        app.command()(function)


@command
def projects(
    name: Annotated[str, typer.Argument(help="Show this one with its hours.")] = "", as_json: AsJson = False
) -> None:
    """Your projects, or one with the hours it has left."""
    client = account.connect()
    if name:
        path = path_of("projects", name)
        show({**client.get(path), "award": client.get(f"{path}/award")}, as_json=as_json)
        return
    columns = ("slug", "title", "organisation", "ends_at")
    rows = list(client.pages("/projects"))
    show(rows, as_json=as_json, columns=columns, empty="You have no project yet: an award opens one.")


@command
def plan(recipe: Recipe = "demo", set_: Set = None, project: Project = "", as_json: AsJson = False) -> None:
    """What a training would take: time, GPU-hours, energy, price; nothing is launched."""
    client = account.connect()
    body = {"recipe": _recipe(recipe, set_ or [])}
    found = client.post(path_of("projects", project_of(client, project), "plan"), body)
    show(found, as_json=as_json, columns=[name for name in found if name != "assumptions"])
    if not as_json:
        for line in found.get("assumptions", []):
            say(f"– {line}")


@command
def train(
    data: Data = None,
    recipe: Recipe = "demo",
    set_: Set = None,
    project: Project = "",
    run_command: Annotated[str, typer.Option("--command", help="Run this instead of our trainer.")] = "",
    container: Annotated[str, typer.Option(help="Run the command inside this image.")] = "",
    time_limit: Annotated[int | None, typer.Option(min=1, help="Seconds after which it is stopped.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="I have read licence and policy of the data.")] = False,
    rights: Annotated[bool | None, typer.Option("--rights/--no-rights", help="I may use this folder's text.")] = None,
    personal_data: Annotated[bool | None, typer.Option("--personal-data/--no-personal-data")] = None,
    devices: Annotated[int, typer.Option(min=1, help="On how many devices it runs.")] = 1,
    nodes: Annotated[
        int, typer.Option(min=0, help="Spread the devices over so many nodes; 0 for as few as they fit on.")
    ] = 0,
    follow: Annotated[bool, typer.Option("--follow/--detach", help="Watch until it has ended.")] = True,
    as_json: AsJson = False,
) -> None:
    """Train a model: stage the data, launch the run, watch it."""
    client = account.connect()
    name = project_of(client, project)
    uris = [_staged(client, name, one, yes, rights, personal_data, ask=not as_json) for one in data or []]
    body: dict[str, Any] = {"data": uris, "time_limit_seconds": time_limit, "devices": devices}
    if nodes:
        body["nodes"] = nodes
    if run_command:
        body |= {"command": _words(run_command), "container": container}
    else:
        body["recipe"] = _recipe(recipe, set_ or [])
    run = client.post(path_of("projects", name, "runs"), body)
    if follow:
        run = waiting.ended(client, name, run["number"])
    show(run, as_json=as_json, columns=(*RUN_COLUMNS, "tokens_per_second", "error"))
    if run["state"] in ("failed", "cancelled"):
        raise typer.Exit(1)


def _words(command_line: str) -> list[str]:
    """A command line as the list of its words; nothing else in it has a meaning. Raises Refused for open quotes."""
    try:
        return shlex.split(command_line)
    except ValueError as error:
        raise Refused("The command cannot be read.", why=f"{error}.", todo="Close every quote.") from error


def _staged(
    client: Client, project: str, data: str, yes: bool, rights: bool | None, personal: bool | None, *, ask: bool
) -> str:
    """Have a dataset, or a folder of one's own, in the project; returns its URI."""
    uri = data
    if not data.startswith("fabrica:"):
        folder = Path(data)
        if not folder.is_dir():
            raise Refused(f"{data} is neither a dataset nor a folder.", todo="See `fabrica data list`.")
        uri = str(upload_own(client, project, folder, rights, personal, ask=ask)["uri"])
    try:
        staging = client.post(path_of("projects", project, "stagings"), {"uri": uri})
    except Refused:
        if not data.startswith("fabrica:"):
            raise
        accept_for(client, project, uri, yes=yes, ask=ask)
        staging = client.post(path_of("projects", project, "stagings"), {"uri": uri})
    return str(waiting.staged(client, project, staging)["uri"])


def _recipe(recipe: str, overrides: list[str]) -> dict[str, Any]:
    """A recipe by name or from a JSON file, with values changed. Raises Refused, listing what there is."""
    path = Path(recipe)
    if path.suffix != ".json":
        return to_dict(recipe_from(to_dict(named(recipe)), overrides))
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path} is not a readable JSON file.", why=str(error)) from error
    return to_dict(recipe_from(values, overrides))


@command
def runs(
    number: Annotated[int | None, typer.Argument(help="Show this one.")] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """The runs of a project, newest first, or one of them with its bill."""
    client = account.connect()
    name = project_of(client, project)
    if number is None:
        rows = list(client.pages(path_of("projects", name, "runs")))
        show(rows, as_json=as_json, columns=RUN_COLUMNS, empty="No run yet: `fabrica train` starts one.")
        return
    path = path_of("projects", name, "runs", number)
    run = client.get(path)
    show({**run, "bill": client.get(f"{path}/bill")}, as_json=as_json)
    if not as_json:
        for line in waiting.why(run):
            say(line)
        say(f"{gpu_hours(run['used_gpu_seconds'])} GPU-hours used.")


@command
def logs(
    number: int,
    project: Project = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it has ended.")] = False,
) -> None:
    """What a run printed."""
    client = account.connect()
    waiting.log(client, project_of(client, project), number, follow=follow)


@command
def cancel(
    number: int,
    project: Project = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop a run; its checkpoints stay, the hours it did not use come back."""
    client = account.connect()
    name = project_of(client, project)
    if not yes and not typer.confirm(f"Stop run {number} of {name}?", err=True):
        raise typer.Exit(1)
    show(client.post(path_of("projects", name, "runs", number, "cancel")), as_json=as_json, columns=RUN_COLUMNS)
    if not as_json:
        say("Asked to stop. Its checkpoints stay, and the hours it does not use come back.")
