"""`fabrica-site`: the command that runs a site. Pages and API do the same for people; this is for the server."""

import io
import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import django
import typer
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from fabrica.kit.database import trouble_of
from fabrica.kit.errors import Problem
from fabrica.kit.files import write_atomic
from fabrica.kit.signing import create_key

app = typer.Typer(no_args_is_help=True, help="Run a Fabrica site.", pretty_exceptions_enable=False)
USAGE_ERROR = 2
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def start() -> None:
    """Load the settings and the contexts. Exits with a sentence where the settings are wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.config.settings")
    if apps.ready:  # a program that has set up already keeps its log where it is
        return
    try:
        django.setup()
    except ImproperlyConfigured as error:
        typer.echo(f"This site is not set up: {error}", err=True)
        raise typer.Exit(USAGE_ERROR) from error


@contextmanager
def telling() -> Iterator[None]:
    """A problem as a sentence on the terminal, and exit status 1."""
    try:
        yield
    except Problem as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from problem
    except Error as error:
        if trouble_of(error) is None:
            raise
        told = str(error).partition("\n")[0]
        typer.echo(f"The database does not answer: {told}. Check DATABASE_URL.", err=True)
        raise typer.Exit(1) from error


@app.command()
def init() -> None:
    """Make the home of a site: secret key, signing key, database, static files. Safe to repeat."""
    home = prepare()
    typer.echo(f"The site's home is {home}. Next: `fabrica-site serve` and `work`; then sign up on the portal, and")
    typer.echo("`fabrica-site grant EMAIL operator`.")


def prepare() -> Path:
    """What `init` does; returns the site's home."""
    home = Path(os.environ.get("FABRICA_HOME", "var/site")).resolve()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (home / "secret-key").exists() and not os.environ.get("FABRICA_SECRET_KEY"):
        write_atomic(home / "secret-key", secrets.token_urlsafe(64), mode=0o600)
    start()
    from django.conf import settings
    from django.core.management import call_command

    from fabrica.config.migrating import migrate

    for folder in (settings.FABRICA_KEYS, settings.FABRICA_STORAGE):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (settings.FABRICA_KEYS / "site.pem").exists():
        create_key(settings.FABRICA_KEYS / "site.pem")
    with telling():
        migrate()
    call_command("collectstatic", interactive=False, verbosity=0)
    return home


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads of each process.")] = 4,
) -> None:
    """Serve the portal and the API. Refuses to start on settings that would be unsafe."""
    start()
    check()
    stay_home(host)
    from django.conf import settings

    share_figures(f"{host}-{port}")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", str(processes), "--blocking-threads", str(threads), "--no-ws", "--log-level", "warning"]
    if settings.FABRICA_LOG_FORMAT == "json":
        command += ["--log-config", str(Path(__file__).parent / "data" / "granian-log.json")]
    os.execv(sys.executable, [*command, "fabrica.config.wsgi:application"])  # noqa: S606 - an argument list, no shell


def share_figures(name: str) -> None:
    """Make an empty folder through which the web processes of this server share what they count."""
    from django.conf import settings

    folder = settings.FABRICA_HOME / "run" / f"metrics-{socket.gethostname()}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def check(*tags: str) -> None:
    """Run the checks of the settings, or those with one of these tags; exits with what is wrong."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    try:
        call_command("check", tags=tags or None, verbosity=0, stdout=io.StringIO())
    except SystemCheckError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USAGE_ERROR) from error


def stay_home(host: str) -> None:
    """Exit where the demo, or a developer's site, would listen to others: a caller can name any host it likes."""
    from django.conf import settings

    if settings.INSECURE_OK and host not in LOOPBACK:
        typer.echo(f"The demo and debugging listen on loopback only, not on {host}. Leave out --host.", err=True)
        raise typer.Exit(USAGE_ERROR)


@app.command()
def work(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when nothing is left to do.")] = False,
) -> None:
    """Do what waits: accounts, staging, runs, models, notices, seals. Several may run beside each other."""
    start()
    from fabrica.config import heart, wiring, worker

    check("own_data")
    mine = heart.Heart()
    with heart.beating(mine):
        worker.work(wiring.loops(), until_idle=until_idle, heart=mine)


@app.command()
def doctor(json_: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False) -> None:
    """Check settings, database, clocks, storage, keys, audit, mail, HTTPS, people, workers and machines.

    Each finding says what was seen and what to do. Exit status 1 when anything is wrong. Run it as the site's own user.
    """
    start()
    from fabrica.config import doctor as doctor_

    findings = []
    for finding in doctor_.examine():
        findings.append(finding)
        if not json_:
            mark, todo = ("ok  ", "") if finding.is_well else ("BAD ", f" {finding.todo}")
            typer.echo(f"{mark} {finding.topic}: {finding.what}{todo}")
    is_well = all(finding.is_well for finding in findings)
    if json_:
        typer.echo(json.dumps({"is_well": is_well, "findings": [one.as_dict() for one in findings]}, indent=2))
    if not is_well:
        raise typer.Exit(1)


@app.command()
def grant(
    email: str,
    role: Annotated[str, typer.Argument(help="officer, assessor, operator, provider, panel, ethics or board")],
) -> None:
    """Give a person a role. The person must have signed up; an operator may also enter the administration."""
    start()
    from fabrica.config import setup

    with telling():
        setup.grant(email, role)
    typer.echo(f"{email} is now {role}.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(ctx: typer.Context) -> None:
    """Django's own commands, such as `manage check --deploy` or `manage dbshell`."""
    start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["fabrica-site manage", *ctx.args])


@app.command()
def demo(
    serve_: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the portal after the play.")] = True,
    port: Annotated[int, typer.Option(min=1024, max=65535)] = 8000,
    cluster: Annotated[str, typer.Option(help="local, or slurm: the cluster of `make cluster`.")] = "local",
) -> None:
    """Play the whole way on this machine, from an application to a signed model and its bill."""
    arguments = ["--port", str(port), "--cluster", cluster] + ([] if serve_ else ["--no-serve"])
    os.execv(sys.executable, [sys.executable, "-m", "fabrica.config.demo", *arguments])  # noqa: S606 - an argument list


def main() -> None:
    """The entry point, with the groups that need the contexts."""
    for name in ("clusters", "calls", "forms", "keys", "audit", "tariff"):
        app.add_typer(import_module(f"fabrica.config.site_{name}").app, name=name)
    for name in ("backup", "fill"):
        import_module(f"fabrica.config.site_{name}")
    app()
