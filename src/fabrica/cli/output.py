"""What the client prints: a table for people or JSON for programs, problems on standard error, exit codes.

0  done          2  wrong usage        4  not found, or not yours
1  refused       3  not signed in      5  the site cannot be reached, or what answers is no such site
"""

import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fabrica.cli.client import NotSignedIn, close_all
from fabrica.kit.errors import NotFound, Problem, Refused, Unreachable

CODES: list[tuple[type[Problem], int]] = [(NotSignedIn, 3), (NotFound, 4), (Unreachable, 5), (Problem, 1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
console = Console()
errors = Console(stderr=True)
REPLACED = "\N{REPLACEMENT CHARACTER}"
# French sets the no-break ones before its high punctuation; Python does not count them as printable.
SPACES = "\n\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
P = ParamSpec("P")
R = TypeVar("R")


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command whose problems end it with a sentence on standard error and the exit code of their kind."""

    @functools.wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Problem as problem:
            fail(problem, as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt:
            errors.print("Stopped. What runs on the cluster goes on.")
            raise typer.Exit(130) from None
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise  # whoever read our output has enough; typer ends quietly
            told = Refused(f"{error.filename or 'A file'} cannot be used.", why=str(error.strerror or error))
            fail(told, as_json=bool(kwargs.get("as_json")))
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            if os.environ.get("FABRICA_DEBUG"):
                raise
            fail(_unforeseen(error), as_json=bool(kwargs.get("as_json")))
        finally:
            close_all()

    return told


def _unforeseen(error: Exception) -> Problem:
    return Problem(
        "Something unforeseen happened.",
        why=f"{type(error).__name__}: {error}. The site may have answered what this client does not know.",
        todo="Run it again with FABRICA_DEBUG=1 and report what it prints.",
    )


def fail(problem: Problem, *, as_json: bool) -> NoReturn:
    """Tell the problem and exit."""
    if as_json:
        sys.stderr.write(json.dumps(problem.as_dict(), default=str) + "\n")
    else:
        errors.print(clean(problem.what, "bold red"))
        for line in filter(None, (problem.why, problem.todo)):
            errors.print(clean(line))
    raise typer.Exit(next(code for kind, code in CODES if isinstance(problem, kind))) from problem


def clean(text: str, style: str = "") -> Text:
    """Words from elsewhere as they read: no markup, and no control characters that would steer the terminal."""
    return Text("".join(char if char.isprintable() or char in SPACES else REPLACED for char in text), style)


def say(line: str) -> None:
    """A remark on standard output."""
    console.print(clean(line))


def show(value: Any, *, as_json: bool, columns: Sequence[str] = (), empty: str = "Nothing here yet.") -> None:
    """Print a value: JSON as it is, rows as a table of `columns`, one object as name and value."""
    if as_json:
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    elif isinstance(value, list):
        _rows(value, columns, empty)
    else:
        names = columns or list(value)
        _grid([(name, value.get(name)) for name in names])


def _rows(rows: list[dict[str, Any]], columns: Sequence[str], empty: str) -> None:
    if not rows:
        console.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns or list(rows[0]):
        table.add_column(clean(name.replace("_", " ")), overflow="fold")
    for row in rows:
        table.add_row(*(clean(_text(row.get(name))) for name in columns or list(row)))
    console.print(table)


def _grid(pairs: list[tuple[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(clean(name.replace("_", " ")), clean(_text(value)))
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
