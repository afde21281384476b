"""The command's reference, made from the command itself: `python -m fabrica.cli.reference > docs/cli.md`."""

import sys
from collections.abc import Iterator
from typing import Any

import typer

from fabrica.cli.main import app

HEAD = """# The `fabrica` command

Made by `python -m fabrica.cli.reference > docs/cli.md`; do not edit it by hand.

Sign in once with `fabrica login URL`; the token comes from your account page. `FABRICA_URL` and `FABRICA_TOKEN` stand
in for the kept sign-in. With `--json` a command prints exactly one JSON document on standard output, and a problem as
JSON (`what`, `why`, `todo`) on standard error. `fabrica --install-completion` adds completion to bash, zsh or fish.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused; the reason stands on standard error |
| 2 | wrong usage |
| 3 | not signed in |
| 4 | not found, or not yours to see |
| 5 | the site cannot be reached, or what answers is no such site |
| 130 | stopped with Ctrl-C; what runs on the cluster goes on |
"""


def reference() -> str:
    """The whole reference as Markdown, one heading per command."""
    return "\n".join([HEAD, *_commands(typer.main.get_command(app), "fabrica")])


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from _commands(found, f"{path} {name}")
        else:
            yield _command(found, f"{path} {name}")


def _command(found: Any, path: str) -> str:
    arguments = [one for one in found.params if one.param_type_name == "argument"]
    options = [one for one in found.params if one.param_type_name == "option"]
    usage = " ".join([path, *(_placed(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    rows = [*(_row(_placed(one), one) for one in arguments), *(_row(_spelled(one), one) for one in options)]
    table = ["| argument or option | meaning |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([f"## `{path}`", "", found.help or "", "", f"    {usage}", "", *table])


def _placed(one: Any) -> str:
    return one.name.upper() if one.required else f"[{one.name.upper()}]"


def _spelled(one: Any) -> str:
    names = ", ".join([*one.opts, *one.secondary_opts])
    return names if one.is_flag else f"{names} {one.name.rstrip('_').upper()}"


def _row(shown: str, one: Any) -> str:
    told = [one.help or "", "Required." if one.required and one.param_type_name == "option" else "", _default(one)]
    return f"| `{shown}` | {' '.join(filter(None, told)).replace('|', chr(92) + '|')} |"


def _default(one: Any) -> str:
    has_one = one.default not in (None, "", (), False) and not callable(one.default)
    return f"Default: `{one.default}`." if has_one and str(one.default) != "-" else ""


if __name__ == "__main__":
    sys.stdout.write(reference())
