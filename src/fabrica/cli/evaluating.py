"""`fabrica evaluate`: a battery on a packaged model, on one's own machine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress as Bar

from fabrica.cli import waiting
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.files import write_atomic

if TYPE_CHECKING:
    from fabrica.evaluation.battery.material import Source

COLUMNS = ("probe", "name", "verdict", "value", "low", "high", "n", "baseline")
JOB_BYTES_AT_MOST = 4_000_000
MODEL = "model.safetensors"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


@command
def evaluate(
    folder: Annotated[Path, typer.Argument(help="The folder of a packaged model, or that of a run.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Text to measure with, a file or a folder; several times. Without: the run's own data."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the text, such as fr; without, it is guessed.")] = "",
    profile: Annotated[str, typer.Option(help="How much is measured: quick or full.")] = "full",
    report: Annotated[
        Path | None, typer.Option(help="Write battery.json, report.md and report.html to this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model: new text, memorisation, membership, personal data, bias and more; needs no site."""
    found = _measured(folder, data or [], language, profile, quiet=as_json)
    if report:
        write_report(report, found)
    if as_json:
        show(found, as_json=True)
        return
    show(found["results"], as_json=False, columns=COLUMNS)
    told = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in found["summary"].items())
    say(f"{told}; in {sum(found['seconds'].values()):.0f} seconds.")
    say(f"The report: {report / 'report.html'}" if report else "With --report FOLDER all of it is kept, in words.")


def write_report(folder: Path, found: dict[str, Any]) -> None:
    """The three files of a report."""
    from fabrica.evaluation.battery.report import to_html, to_markdown  # noqa: PLC0415 - as in _measured

    write_atomic(folder / "battery.json", json.dumps(found, indent=2, allow_nan=False) + "\n")
    write_atomic(folder / "report.md", to_markdown(found))
    write_atomic(folder / "report.html", to_html(found))


def _measured(folder: Path, data: list[Path], language: str, profile: str, *, quiet: bool) -> dict[str, Any]:
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    folder = _packaged(folder)
    try:
        from fabrica.evaluation.battery.evaluate import evaluate_folder  # noqa: PLC0415 - needs PyTorch, and is slow
        from fabrica.evaluation.battery.profiles import profile_of  # noqa: PLC0415 - with it
    except ImportError as missing:
        raise Refused(
            "Measuring a model needs what trains one.",
            why=f"{missing.name} is not installed.",
            todo="Install it with `pip install 'fabrica[train]'`.",
        ) from missing
    chosen, sources = profile_of(profile), _sources(folder, data, language)
    with waiting.bar() if not quiet else Bar(disable=True) as bar:
        task = bar.add_task("Measuring", total=None)

        def tick(name: str, done: int, of: int) -> None:
            bar.update(task, description=name or "Done", completed=done, total=of)

        return evaluate_folder(folder, sources, chosen, tick=tick)


def _packaged(folder: Path) -> Path:
    """The folder of the model itself: a run keeps it in `out`."""
    is_run = not (folder / MODEL).exists() and (folder / "out" / MODEL).is_file()
    return folder / "out" if is_run else folder


def _sources(folder: Path, data: list[Path], language: str) -> "list[Source]":
    """The data as told; else, where the folder is a run's, what its job was given."""
    from fabrica.evaluation.battery.material import Source  # noqa: PLC0415 - as in _measured

    for path in data:
        if not path.exists():
            raise NotFound(f"There is no {path}.")
    if data:
        return [Source(path.name, path, language) for path in data]
    found = [Source(str(one["name"]), Path(one["path"]), str(one.get("language", ""))) for one in _of_run(folder)]
    if not found or not all(one.path.is_dir() for one in found):
        raise Refused(
            "There is no text to measure with.",
            why="The folder is not that of a run whose data is on this machine.",
            todo="Name text with --data: that which the model was trained from, or else text it never saw.",
        )
    return found


def _of_run(folder: Path) -> list[dict[str, Any]]:
    """The data in the job file beside the folder; nothing where there is none."""
    path = folder.resolve().parent / "job.json"
    try:
        if path.stat().st_size > JOB_BYTES_AT_MOST:
            return []
        values = json.loads(path.read_bytes())
        return [one for one in values["data"] if {"name", "path"} <= set(one)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
