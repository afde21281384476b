"""`fabrica-site clusters plan | apply | drift`, and what the worker may do by itself on a site's machines.

Exit status of plan, drift and apply: 0 nothing is left to do, 1 something went wrong (the sentence says what), 2
changes wait for an operator.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fabrica.config.site import start, telling

if TYPE_CHECKING:
    from fabrica.allocations.desired import Plan, Standing
    from fabrica.allocations.outcomes import Outcome
    from fabrica.clusters.models import Machine

CHANGES_WAIT = 2
OfMachine = Annotated[str, typer.Option("--machine", help="Only this machine of the site.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def plan(site: str, machine: OfMachine = "", as_json: AsJson = False) -> None:
    """Print what would change on the machines of a site, and change nothing. Exit status 2 where something would."""
    start()
    with telling():
        plans = _plans(site, machine)
    _show(plans, as_json=as_json, drift=False)
    _leave(any(one.actions or one.foreign for _, one in plans))


def drift(site: str, machine: OfMachine = "", as_json: AsJson = False) -> None:
    """Print what was changed by hand on the machines of a site. Exit status 2 where something was."""
    start()
    with telling():
        plans = _plans(site, machine)
    _show(plans, as_json=as_json, drift=True)
    _leave(any(one.drifts or one.foreign for _, one in plans))


def apply(
    site: str,
    machine: OfMachine = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what would change, ask, and change it step by step; what was changed by hand is put right too.

    With --json and --yes the one document tells what became of each step.
    """
    start()
    from fabrica.allocations.applying import apply_plan
    from fabrica.config.setup import operator
    from fabrica.kit.errors import Refused

    with telling():
        if as_json and not yes:
            raise Refused("With --json nobody is asked.", todo="Look at `plan --json` first, then say --yes too.")
        plans = _plans(site, machine)
        by, now = operator()
    if not as_json:
        _show(plans, as_json=False, drift=False)
    if any(one.actions for _, one in plans) and not yes:
        typer.confirm("Apply?", abort=True, err=True)
    done = []
    with telling():
        done = [(where, apply_plan(where, one, by, now)) for where, one in plans if one.actions]
    if as_json:
        typer.echo(json.dumps(_applied(site, done), indent=1))
    else:
        _tell(done)
    if any(not one.is_done for _, outcomes in done for one in outcomes):
        raise typer.Exit(1)
    _leave(any(one.foreign for _, one in plans))


def go_live(site: str) -> None:
    """Let the worker change the machines of a site by itself."""
    _dry_run(site, is_dry_run=False)
    typer.echo(f"The worker now keeps the accounts on the machines of {site} as wanted.")


def dry_run(site: str) -> None:
    """Let the worker only plan on the machines of a site; an operator applies."""
    _dry_run(site, is_dry_run=True)
    typer.echo(f"The worker now only plans for {site}; run `fabrica-site clusters apply {site}`.")


def mend(site: str, state: Annotated[str, typer.Argument(help="on or off")]) -> None:
    """Let the worker put right by itself what hands changed on the machines of a site, or only report it."""
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator
    from fabrica.kit.errors import Refused

    with telling():
        if state not in ("on", "off"):
            raise Refused(f"{state} is neither on nor off.", todo="Say `mend SITE on` or `mend SITE off`.")
        by, now = operator()
        services.set_mends_drift(site=queries.site_by_slug(site), mends_drift=state == "on", by=by, now=now)
    typer.echo(f"What hands change on the machines of {site} is {'put right' if state == 'on' else 'reported only'}.")


def _dry_run(site: str, *, is_dry_run: bool) -> None:
    start()
    from fabrica.clusters import queries, services
    from fabrica.config.setup import operator

    with telling():
        by, now = operator()
        services.set_dry_run(site=queries.site_by_slug(site), is_dry_run=is_dry_run, by=by, now=now)


def _plans(site: str, machine: str) -> "list[tuple[Machine, Plan]]":
    from fabrica.allocations.applying import plan_for
    from fabrica.clusters.queries import machines, site_by_slug
    from fabrica.kit.errors import NotFound
    from fabrica.kit.time import utcnow

    found = machines().filter(site=site_by_slug(site))
    if machine:
        found = found.filter(slug=machine)
    if not found:
        raise NotFound(f"The site {site} has no machine {machine}.".replace(" .", "."), todo="Register it first.")
    return [(one, plan_for(one, utcnow())) for one in found]


def _show(plans: "list[tuple[Machine, Plan]]", *, as_json: bool, drift: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"machines": [_as_dict(*one, drift=drift) for one in plans]}, indent=1))
        return
    for machine, one in plans:
        actions = one.drifts if drift else one.actions
        typer.echo(f"{machine.slug}: {_headline(one, len(actions), drift=drift)}")
        for action in actions:
            typer.echo(f"  {action.sentence}")
        for foreign in one.foreign:
            typer.echo(f"  {_left_alone(foreign)}")
        if not drift and (count := _used_up(machine, one)):
            subject = "1 account is" if count == 1 else f"{count} accounts are"
            typer.echo(f"  {subject} used up and would be closed; until then new jobs are taken.")


def _headline(plan: "Plan", changes: int, *, drift: bool) -> str:
    if changes:
        return f"{_count(changes)}."
    if not drift:
        return "Nothing is to do."
    was_ours = any(one.was_read_back for one in plan.foreign)
    return "Accounts were changed by hand." if was_ours else "Nothing was changed by hand."


def _left_alone(one: "Standing") -> str:
    from fabrica.allocations.steps import Disowned

    if one.was_read_back:
        return Disowned(one.spec.name, one.mark).sentence
    return f"The account {one.spec.name} belongs to something else and is left alone; rename it on the machine."


def _used_up(machine: "Machine", plan: "Plan") -> int:
    """How many accounts the plan would close because all their hours are used."""
    from fabrica.allocations.queries import used_up
    from fabrica.allocations.steps import Kind

    full = used_up(machine)
    return sum(one.kind is Kind.CLOSE and one.account in full for one in plan.actions)


def _as_dict(machine: "Machine", plan: "Plan", *, drift: bool) -> dict[str, Any]:
    actions = plan.drifts if drift else plan.actions
    return {
        "machine": machine.slug,
        "changes": [one.as_dict() for one in actions],
        "foreign": [one.spec.name for one in plan.foreign],
        "disowned": [one.spec.name for one in plan.foreign if one.was_read_back],
        "used_up": _used_up(machine, plan),
    }


def _applied(site: str, done: "list[tuple[Machine, list[Outcome]]]") -> dict[str, Any]:
    told = [
        {
            "machine": machine.slug,
            "changes": [
                {
                    **one.action.as_dict(),
                    "is_done": one.is_done,
                    "problem": one.problem.as_dict() if one.problem else None,
                }
                for one in outcomes
            ],
        }
        for machine, outcomes in done
    ]
    return {"site": site, "machines": told}


def _tell(done: "list[tuple[Machine, list[Outcome]]]") -> None:
    for machine, outcomes in done:
        for one in (outcome for outcome in outcomes if not outcome.is_done):
            word = "Failed" if one.is_tried else "Not tried"
            why = one.problem or "It is no longer the same, or a worker has the account in hand. Run apply again."
            typer.echo(f"{word}: {one.action.sentence} {why}", err=True)
        typer.echo(f"{machine.slug}: {sum(one.is_done for one in outcomes)} of {_count(len(outcomes))} done.")


def _count(number: int) -> str:
    return "1 change" if number == 1 else f"{number} changes"


def _leave(is_waiting: bool) -> None:  # noqa: FBT001 - one fact
    if is_waiting:
        raise typer.Exit(CHANGES_WAIT)
