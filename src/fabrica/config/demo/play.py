"""The play: ten scenes, each a few calls of the site's API by the person whose turn it is.

A scene that was played before, whole or in part, goes on from what is there: a second play adds a second run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabrica.cli import data as cli_data
from fabrica.cli import waiting
from fabrica.cli.client import Client
from fabrica.config.demo import large_scale, text
from fabrica.config.demo.stage import CALL, LARGE_CALL
from fabrica.config.demo.trust import OF_CODE, interviewed
from fabrica.kit.errors import Refused
from fabrica.kit.units import size

ORGANISATION = {"name": "Novalis Labs", "country": "FR", "kind": "startup", "registration_number": "FR 40 303 265 045"}
RIVAL = {"name": "Meridian Weather", "country": "FR", "kind": "sme", "registration_number": "FR 44 732 829 320"}
PROVIDER = {
    "name": "Open Text Foundation", "country": "DE", "kind": "research", "registration_number": "HRB 86 9912"
}  # fmt: skip
DATASET = "python-stdlib"
RUNS_PLANNED = 3
PATIENCE_SECONDS = 60.0
LIMITS = "It was trained for minutes on {size} of text: it invents names and seldom closes what it opens."
DECLARED = {
    "licence": text.LICENCE,
    "intended_use": "To show how a model is trained, measured, documented and published. It writes what looks like "
    "the sources of Python.",
    "out_of_scope": "Programs that somebody runs, and any decision about people.",
    "risks": "It may repeat lines of its training text; the evaluation looks for that and for personal data.",
    "languages": "English, as programmers write it in comments.",
    "inputs": "Text, at most the context length of its recipe in tokens.",
    "outputs": "Text, one token after the other.",
    "modalities": ["text"],
    "base_models": "None: it was trained from the beginning.",
    "continuous": False,
    "public_data": True,
    "public_data_modalities": ["text"],
    "public_data_told": "The standard library of Python, as the release installed here has it.",
    "crawled": False,
    "licensed": False,
    "third_party": False,
    "user_data": False,
    "synthetic": False,
    "other_data": False,
}
JUSTIFICATION = "A small model of a demonstration, trained and measured for a minute. Nobody builds on it."
LETTERS_AT_MOST = 2_000


@dataclass
class Play:
    """What the scenes know of one another."""

    url: str
    tokens: dict[str, str]
    home: Path
    call: str = CALL
    launch: tuple[str, ...] = ()
    rival: str = ""
    starts: int = 1
    clients: dict[str, Client] = field(init=False)
    application: dict[str, Any] = field(default_factory=dict)
    project: str = ""
    dataset: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    bill: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients = {who: Client(self.url, token) for who, token in self.tokens.items()}


def meet(play: Play) -> None:
    """1. People accept the terms; two firms and a data provider register."""
    for client in play.clients.values():
        client.post("/me/terms")
    for who, body in (("ada", ORGANISATION), ("lea", RIVAL), ("petra", PROVIDER)):
        if not play.clients[who].get("/me")["organisations"]:
            play.clients[who].post("/organisations", body)
    ada = play.clients["ada"]
    uid = ada.get("/me")["organisations"][0]["uid"]
    if len(ada.get(f"/organisations/{uid}/members")["rows"]) == 1:
        ada.post(f"/organisations/{uid}/members", {"email": "max@demo.example"})


def apply(play: Play) -> None:
    """2. The start-up applies; the planner proposes the hours, the gate decides with reasons."""
    ada = play.clients["ada"]
    open_one = _open_application(ada)
    if open_one:
        play.application = ada.get(f"/applications/{open_one['code']}")
        return
    uid = ada.get("/me")["organisations"][0]["uid"]
    code = ada.post("/applications", {"call": play.call, "organisation": uid})["code"]
    ada.patch(f"/applications/{code}", _answers(ada, text.size_of(text.gather(play.home / "stdlib-text"))))
    hours = ada.get(f"/applications/{code}/proposal")
    ada.patch(f"/applications/{code}", {"gpu_seconds_requested": hours["gpu_seconds"]})
    play.application = ada.post(f"/applications/{code}/submit")


def _open_application(ada: Client) -> dict[str, Any] | None:
    """The application to go on with: one under way, or one awarded with hours enough for another run."""
    for row in ada.pages("/applications"):
        if row["call"] == LARGE_CALL:
            continue
        if row["state"] in ("submitted", "screened", "assessed"):
            return row
        if row["state"] == "awarded" and _has_hours(ada, _award_of(ada, row["code"])):
            return row
    return None


def _award_of(ada: Client, code: str) -> str:
    return next(str(row["project"]) for row in ada.pages("/awards") if row["application"] == code)


def _has_hours(ada: Client, project: str) -> bool:
    balance = ada.get(f"/projects/{project}/award")["balance"]
    plan = ada.post(f"/projects/{project}/plan", {"recipe": {"name": "demo"}})
    return bool(balance["free"] >= plan["held_gpu_seconds"])


def _answers(ada: Client, size_bytes: int) -> dict[str, Any]:
    return {
        "title": "A model that reads Python",
        "purpose": "Small firms keep old programs that nobody understands any more. We train a small model on clear, "
        "well documented source code, to explain such programs line by line.",
        "model_description": "A decoder-only language model from the beginning, small enough for one device.",
        "parameters_millions": 4,
        "tokens_millions": 1,
        "runs": RUNS_PLANNED,
        "data_description": f"The sources of Python's standard library, English comments, {size(size_bytes)} of text.",
        "dataset_uri": f"fabrica:{DATASET}@1",
        "has_personal_data": False,
        "has_data_rights": True,
        "months": 1,
        "trust_answers": interviewed(ada, OF_CODE),
    }


def decide(play: Play) -> None:
    """3. An officer screens, an assessor assesses, an officer awards; the account appears on the cluster."""
    code = play.application["code"]
    olga, tomas, ada = (play.clients[who] for who in ("olga", "tomas", "ada"))
    hours = int(play.application["gpu_seconds_requested"])
    if play.application["state"] == "submitted":
        play.application = olga.post(f"/applications/{code}/screen", {"note": ""})
    if play.application["state"] == "screened":
        body = {"verdict": "fit", "comment": "Small, clear, feasible here.", "gpu_seconds_recommended": hours}
        tomas.post(f"/applications/{code}/assessment", body)
        play.application = olga.get(f"/applications/{code}")
    if play.application["state"] == "assessed":
        olga.post(f"/applications/{code}/award", {"gpu_seconds": hours, "months": 1, "note": ""})
    play.application = ada.get(f"/applications/{code}")
    play.project = _award_of(ada, code)
    _until(lambda: ada.get(f"/projects/{play.project}/award")["is_ready"], "the account on the cluster")


def bring_data(play: Play) -> None:
    """4. The provider publishes real text; the applicant finds it, accepts its terms, and has it staged."""
    petra, ada = play.clients["petra"], play.clients["ada"]
    if not any(row["slug"] == DATASET for row in petra.pages("/datasets", q="python")):
        publish(petra, play.home)
    found = next(row for row in ada.pages("/datasets", q="python") if row["slug"] == DATASET)
    play.dataset = ada.get(f"/datasets/{found['slug']}")
    cli_data.accept_for(ada, play.project, _uri(), yes=True, ask=False)
    staging = ada.post(f"/projects/{play.project}/stagings", {"uri": _uri()})
    waiting.staged(ada, play.project, staging)


def _uri() -> str:
    return f"fabrica:{DATASET}@1"


def publish(petra: Client, home: Path) -> None:
    """Publish the standard library's text as a dataset."""
    folder = text.gather(home / "stdlib-text")
    petra.post("/datasets", {
        "slug": DATASET,
        "title": "Python's standard library",
        "description": "Sources of the standard library of Python, with their documentation strings.",
        "licence": text.LICENCE,
        "licence_url": text.LICENCE_URL,
        "policy_text": "For any lawful civilian purpose. Keep the licence with what you pass on.",
        "language": "en",
        "has_personal_data": False,
        "organisation": cli_data.only_organisation(petra),
    })  # fmt: skip
    number = petra.post(f"/datasets/{DATASET}/versions")["number"]
    cli_data.upload_folder(petra, f"/datasets/{DATASET}/versions/{number}/files", folder)
    petra.post(f"/datasets/{DATASET}/versions/{number}/publish")


def train(play: Play) -> None:
    """5. `fabrica train` launches a run from a recipe; 6. the run measures what it trained."""
    seed = 1 + sum(1 for _ in play.clients["ada"].pages(f"/projects/{play.project}/runs"))
    play.run = _fabrica(
        play, "train", "--data", _uri(), "--recipe", "demo", "--set", f"seed={seed}", "--project", play.project,
        "--yes", *play.launch,
    )  # fmt: skip


def _fabrica(play: Play, *arguments: str) -> dict[str, Any]:
    """Run the client as a person would, as its own process: progress on this terminal, the answer comes back."""
    environment = {**os.environ, "FABRICA_URL": play.url, "FABRICA_TOKEN": play.tokens["ada"]}
    command = [sys.executable, "-m", "fabrica.cli", *arguments, "--json"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own program
    told: dict[str, Any] = json.loads(done.stdout or b"{}")
    if done.returncode:
        error = told.get("error") or {}
        raise Refused(
            f"`fabrica {arguments[0]}` ended with status {done.returncode}. {error.get('what', '')}",
            why=str(error.get("why", "")),
            todo=str(error.get("todo", "")),
        )
    return told


def register(play: Play) -> None:
    """7. The model enters the registry."""
    ada = play.clients["ada"]
    _until(lambda: _model_of(ada, play), "the registry")
    play.model = _model_of(ada, play) or {}


def release(play: Play) -> None:
    """8. It is documented and evaluated, an officer reviews it as the second person, and it is published."""
    _declare(play)
    path = f"/models/{play.model['model']}/{play.model['number']}"
    way = play.clients["ada"].post(f"{path}/release", {"justification": ""})
    if way["state"] == "documented":
        way = play.clients["ada"].post(f"{path}/release", {"justification": _justification(way["missing"])})
    if way["state"] == "evaluated":
        play.clients["olga"].post(f"{path}/review", {"note": "Card, figures and labels read; fit for a demonstration."})
        way = play.clients["ada"].post(f"{path}/release", {"justification": ""})
    if way["state"] != "published":
        lacking = " ".join(f"{one['what']} {one['todo']}" for one in way["missing"])
        raise Refused("The model cannot be published.", why=lacking)
    play.model = play.clients["ada"].get(path)


def _justification(missing: Sequence[Mapping[str, str]]) -> str:
    """Why it may be published all the same, with all that its evaluation lacks."""
    lacking = " ".join(one["what"] for one in missing)
    return f"{JUSTIFICATION} {lacking}"[:LETTERS_AT_MOST]


def _declare(play: Play) -> None:
    """Say what no machine can measure, unless it was said before."""
    address = f"/models/{play.model['model']}/statement"
    found = play.clients["ada"].get(address)
    if found["statement"] is None:
        play.clients["ada"].put(address, {"declared": _declared(play.model["facts"]), "seen": found["seen"]})


def _declared(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared, with the size of the data that the run recorded."""
    size_bytes = sum(int(one["size_bytes"]) for one in facts["datasets"])
    return {**DECLARED, "limits": LIMITS.format(size=size(size_bytes))}


def verify(play: Play) -> None:
    """9. It is downloaded, and verified on its files and documents alone with the site's key."""
    name = f"{play.model['model']}@{play.model['number']}"
    target = play.home / "models" / name
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=play.home) as scratch:
            partial = Path(scratch) / "model"
            _fabrica(play, "models", "download", name, "--folder", str(partial))
            target.parent.mkdir(exist_ok=True)
            partial.rename(target)
    play.verdict = _fabrica(play, "models", "verify", str(target), "--key", str(play.home / "keys" / "site.pub"))


def _model_of(ada: Client, play: Play) -> dict[str, Any] | None:
    """The version that was made of this play's run; None until the worker has registered it."""
    rows = ada.pages("/models", project=play.project)
    row = next((row for row in rows if row["run"] == play.run["uid"]), None)
    return None if row is None else ada.get(f"/models/{row['model']}/{row['number']}")


def settle(play: Play) -> None:
    """10. The bill: hours, energy and CO2e, what the hours cost elsewhere, planned against actual time."""
    ada = play.clients["ada"]
    play.bill = ada.get(f"/projects/{play.project}/runs/{play.run['number']}/bill")


def _until(ready: Callable[[], Any], what: str) -> None:
    """Ask until it is so, a minute at most."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > until:
            raise Refused(
                f"Waited {PATIENCE_SECONDS:.0f} s for {what}.", todo="Read logs/worker.log in the demo's home."
            )
        time.sleep(0.3)


SCENES: list[tuple[str, Callable[[Play], None]]] = [
    ("People and organisations", meet),
    ("Application, plan and gate", apply),
    ("Screening, assessment, award", decide),
    ("Dataset found, accepted, staged", bring_data),
    ("Training and measuring", train),
    ("Model registered and signed", register),
    ("Documented, evaluated, reviewed, published", release),
    ("Downloaded and verified", verify),
    ("The bill", settle),
    ("A Large Scale call in review", large_scale.review),
]
