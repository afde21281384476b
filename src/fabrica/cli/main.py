"""The `fabrica` command."""

import typer

from fabrica import __version__
from fabrica.cli import applying, data, evaluating, models, modes, proposing, running, signin, sme, ssh_keys, trust
from fabrica.cli.output import console

app = typer.Typer(
    no_args_is_help=True,
    help="From an application to a trained, documented model on a public AI supercomputer.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"fabrica {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    """Fabrica's client. Begin with `fabrica login`."""


for module in (signin, applying, running, sme, modes, proposing, evaluating):
    module.register(app)
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")
app.add_typer(ssh_keys.app, name="ssh-keys")
app.add_typer(trust.app, name="trust")


def main() -> None:
    """The entry point."""
    app()
