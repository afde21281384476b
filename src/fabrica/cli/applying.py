"""`fabrica apply | applications | accept | decline`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli import account
from fabrica.cli.client import Client, path_of
from fabrica.cli.data import only_organisation
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import Refused

COLUMNS = ("code", "title", "state", "call", "organisation", "due_on")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(apply)
    app.command()(applications)
    app.command()(accept)
    app.command()(decline)


@command
def apply(
    answers: Annotated[Path, typer.Argument(help="JSON file with the answers; `--example` prints one.")] = Path("-"),
    call: Annotated[str, typer.Option(help="The call, as `fabrica calls` names it.")] = "",
    organisation: Annotated[str, typer.Option(help="uid of your organisation, if you have several.")] = "",
    code: Annotated[str, typer.Option(help="Change this draft instead of beginning one.")] = "",
    submit: Annotated[bool, typer.Option("--submit", help="Hand it in when it is complete.")] = False,
    example: Annotated[bool, typer.Option("--example", help="Print a file to fill in, and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an application from a file, see what is missing and what the gate says, and hand it in."""
    client = account.connect()
    if example:
        show(_example(client), as_json=True)
        return
    values = _read(answers)
    saved = client.patch(path_of("applications", code), values) if code else _start(client, call, organisation, values)
    path = path_of("applications", saved["code"])
    gaps, proposal = client.get(f"{path}/gaps"), client.get(f"{path}/proposal")
    if submit:
        saved = client.post(f"{path}/submit")
    told = {**saved, "gaps": gaps, "proposal": proposal}
    show(told, as_json=as_json, columns=(*COLUMNS, "gpu_seconds_requested", "gate"))
    if not as_json:
        _explain(gaps, proposal, submitted=submit)
        _ask(client, saved["trust_answers"], gaps)


def _explain(gaps: list[dict[str, str]], proposal: dict[str, Any] | None, *, submitted: bool) -> None:
    if proposal:
        say(f"The planner proposes {proposal['gpu_hours']} GPU-hours.")
    for gap in gaps:
        say(f"Missing – {gap['field']}: {gap['message']}")
    if not gaps and not submitted:
        say("It is complete. Run the same with --submit to hand it in.")


def _ask(client: Client, answers: dict[str, str], gaps: list[dict[str, str]]) -> None:
    """The trust question that comes next, where they are not complete."""
    if all(gap["field"] != "trust_answers" for gap in gaps):
        return
    asking = client.post("/trust/next", answers)
    one = asking["questions"][0]
    say(f"Next trust question – {one['id']} ({one['answers']}): {one['question']} {one['help']}")
    say(f"Usually {asking['left_usually']} are left, at most {asking['left_at_most']}.")


def _start(client: Client, call: str, organisation: str, values: Any) -> dict[str, Any]:
    """A new draft with these answers; none is begun where they cannot be kept."""
    if not call:
        open_calls = [one["slug"] for one in client.get("/calls") if one["is_open"]]
        if len(open_calls) != 1:
            raise Refused("Which call?", todo=f"Name it with --call. Open now: {', '.join(open_calls) or 'none'}.")
        call = open_calls[0]
    body = {"call": call, "organisation": organisation or only_organisation(client), "answers": values}
    made: dict[str, Any] = client.post("/applications", body)
    return made


def _read(path: Path) -> Any:
    try:
        return json.loads(typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path} is not a readable JSON file.", why=str(error), todo="See --example.") from error


def _example(client: Client) -> dict[str, Any]:
    """Every field; the trust questions that come up in most applications, each "unsure" until it is answered."""
    answers: dict[str, str] = {}
    while left := client.post("/trust/next", answers)["questions"]:
        answers[left[0]["id"]] = left[0]["usual"]
    answers = dict.fromkeys(answers, "unsure")
    return {
        "title": "", "purpose": "", "model_description": "", "parameters_millions": 4, "tokens_millions": 10,
        "runs": 3, "data_description": "", "dataset_uri": "", "has_personal_data": False, "has_data_rights": True,
        "gpu_seconds_requested": 36_000, "months": 1, "trust_answers": answers,
    }  # fmt: skip


@command
def applications(
    code: Annotated[str, typer.Argument(help="Show this one with its timeline.")] = "", as_json: AsJson = False
) -> None:
    """Your applications, or one with its timeline."""
    client = account.connect()
    if not code:
        show(list(client.pages("/applications")), as_json=as_json, columns=COLUMNS, empty="You have not applied yet.")
        return
    path = path_of("applications", code)
    found = {**client.get(path), "timeline": client.get(f"{path}/timeline")}
    show(found, as_json=as_json, columns=(*COLUMNS, "purpose", "gate"))
    if not as_json:
        show(found["timeline"], as_json=False, columns=("at", "what", "who", "reason"))


@command
def accept(
    code: Annotated[str, typer.Argument(help="The application whose award is offered.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept without being asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accept the award that is offered to an application: its project opens, and its months begin."""
    client = account.connect()
    offer = _offered(client, code, as_json=as_json)
    if not yes and not typer.confirm("Accept it?", err=True):
        raise Refused("Nothing was answered.", todo="Run it again, with --yes to skip the question.")
    made = client.post(path_of("applications", code) + "/offer/accept", {"number": offer["number"]})
    show(made, as_json=as_json, columns=("project", "machine", "gpu_seconds", "months", "starts_at", "ends_at"))


@command
def decline(
    code: Annotated[str, typer.Argument(help="The application whose award is offered.")],
    reason: Annotated[str, typer.Option(help="Why; the officers read it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Decline without being asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decline the award that is offered, for good: its hours go back to the pool and the application ends."""
    client = account.connect()
    offer = _offered(client, code, as_json=as_json)
    if not yes and not typer.confirm("Decline it? This cannot be taken back.", err=True):
        raise Refused("Nothing was answered.", todo="Run it again, with --yes to skip the question.")
    body = {"reason": reason, "number": offer["number"]}
    made = client.post(path_of("applications", code) + "/offer/decline", body)
    show(made, as_json=as_json, columns=("application", "answer", "gpu_seconds", "answered_at"))


def _offered(client: Client, code: str, *, as_json: bool) -> dict[str, Any]:
    """What is offered; shown first, so that it is read before it is answered."""
    found: dict[str, Any] = client.get(path_of("applications", code) + "/offer")
    if not as_json:
        show(found, as_json=False, columns=("machine", "gpu_seconds", "months", "note", "answer_due_at"))
    return found
