"""`fabrica-site clusters names | name | name-template | authorized-keys`: who is called what on a site's machines."""

import json
import sys
from typing import Annotated

import typer

from fabrica.config.site import start, telling

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for name, function in (("names", names), ("name", name_), ("name-template", name_template)):
        app.command(name)(function)
    app.command("authorized-keys")(authorized_keys)


def names(site: str, as_json: AsJson = False) -> None:
    """Everybody's UNIX name at a site, to make the accounts from; those first who need one from you."""
    start()
    from fabrica.clusters import queries

    with telling():
        found = queries.current_names(queries.site_by_slug(site))
        rows = [
            {"uid": one.person.uid, "unix_name": one.name, "email": one.person.email, "name": one.person.name,
             "is_active": one.person.is_active, "trouble": one.trouble}
            for one in found
        ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        note = row["trouble"] if row["is_active"] else f"locked out {row['trouble']}"
        typer.echo(f"{row['unix_name'] or '–':31} {row['email']} {note}".rstrip())


def name_(site: str, email: str, unix_name: str) -> None:
    """Call a person this at a site from now on; the name they had goes to nobody else."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator, person_by_email

    with telling():
        by, now = operator()
        found, person = queries.site_by_slug(site), person_by_email(email)
        services.change_unix_name(site=found, person=person, name=unix_name, by=by, now=now)
    typer.echo(f"{email} is {unix_name} at {site} from now on. Change the account on its machines too.")


def name_template(site: str, template: str) -> None:
    """Make UNIX names by a template, such as u{number:05d} or {initial}{last}, for everybody who has none."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        services.set_unix_name_template(site=queries.site_by_slug(site), template=template, by=by, now=now)
    typer.echo(f"From now on names at {site} are made by {template}. Names there are stay.")


def authorized_keys(
    site: str,
    unix_name: str,
    principals: Annotated[bool, typer.Option(help="Print the name for a certificate instead of the keys.")] = False,
) -> None:
    """The SSH keys with which this account may be entered, for sshd; nothing where nobody may."""
    start()
    from fabrica.config import ssh_access
    from fabrica.kit.time import utcnow

    with telling():
        lines = ssh_access.lines(site, unix_name, utcnow(), principals=principals)
    sys.stdout.writelines(f"{line}\n" for line in lines)
