"""`fabrica-site clusters calendar | set-calendar | close | reopen`: when a site works, which its clocks count by."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from fabrica.config.site import start, telling

if TYPE_CHECKING:
    from datetime import date

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for function in (calendar, close, reopen):
        app.command()(function)
    app.command("set-calendar")(set_calendar)


def calendar(site: str, as_json: AsJson = False) -> None:
    """When a site works: country, part of it, time zone, and the days on which it is closed."""
    start()
    from fabrica.clusters import queries

    with telling():
        found = queries.site_by_slug(site)
        days = [{"day": one.day.isoformat(), "name": one.name} for one in found.closing_days.all()]
        told = {
            "site": found.slug, "country": found.country, "subdivision": found.subdivision,
            "time_zone": queries.calendar_of(found).zone.key, "closing_days": days,
        }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{found}: {found.country} {found.subdivision}".rstrip() + f", {told['time_zone']}")
    for one in days:
        typer.echo(f"{one['day']} {one['name']}")


def set_calendar(
    site: str,
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Paris; empty: the portal's.")] = "",
    subdivision: Annotated[str, typer.Option(help="A part of the country, such as BY; empty: none.")] = "",
) -> None:
    """Say in which time zone and part of its country a site is. What is left out becomes empty."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        found = queries.site_by_slug(site)
        services.set_calendar(site=found, time_zone=time_zone, subdivision=subdivision, by=by, now=now)
    typer.echo(f"The calendar of {site} is kept; its clocks are counted anew.")


def close(
    site: str, first: str, name: str, last: Annotated[str, typer.Option(help="Left out: one day only.")] = ""
) -> None:
    """Close a site on a day, or with `--last` until another, such as `close paris 2026-12-28 "Winter break"`."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        begin, found = _day(first), queries.site_by_slug(site)
        end = _day(last) if last else begin
        made = services.close_days(site=found, first=begin, last=end, name=name, by=by, now=now)
    typer.echo(f"{site} is closed on {len(made)} more days.")


def reopen(site: str, day: str) -> None:
    """Let a site work on a day that was closed."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        services.reopen_day(site=queries.site_by_slug(site), day=_day(day), by=by, now=now)
    typer.echo(f"{site} works on {day}.")


def _day(text: str) -> "date":
    from datetime import date

    from fabrica.kit.errors import Refused

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text[:20]} is no day.", todo="Write it like 2026-12-28.") from error
