"""`fabrica-site fill`: a database of the size of a whole factory."""

import time
from datetime import date, datetime
from typing import Annotated

import typer

from fabrica.config.site import app, start, telling

EVERY_SECONDS = 2.0


@app.command()
def fill(
    projects: Annotated[int, typer.Option(min=0, help="Projects, each with its award.")] = 10_000,
    open_applications: Annotated[int, typer.Option("--open", min=0, help="Applications that wait.")] = 500,
    people: Annotated[int, typer.Option(min=0, help="People, with the staff.")] = 2_000,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it is on that day; today.")] = None,
) -> None:
    """Fill an empty database with an invented site of this size, to measure or to practise with.

    Refused where anybody real is in it. What was broken off goes on; what is there stays. See docs/operator/filling.md.
    """
    start()
    from fabrica.config import filling

    size = filling.Size(projects, open_applications, people)
    with telling():
        filling.fill(size, day.date() if day else date.today(), _Progress().tell)  # noqa: DTZ011 - the server's own day
    typer.echo(
        "Filled. Nobody has a password; give the first officer one with "
        "`fabrica-site manage changepassword person-1@filled.example`."
    )


class _Progress:
    """Says how far it is every two seconds, and when something is whole."""

    def __init__(self) -> None:
        self._said = 0.0

    def tell(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._said >= EVERY_SECONDS:
            self._said = now
            typer.echo(f"{name}: {done:,} of {total:,}")
