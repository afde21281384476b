"""The facts record of a run's output: collected from what was written down; what was not is None."""

import hashlib
import json
import math
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from fabrica.dataspaces.models import Version
from fabrica.kit.errors import Problem
from fabrica.kit.files import canonical_json
from fabrica.planner import Bill
from fabrica.registry.code import code_version
from fabrica.registry.models import Intake, Model, Statement
from fabrica.training.models import Attempt, Run
from fabrica.training.queries import bill
from fabrica.training.states import Kind
from fabrica.trust.models import Assessment
from fabrica.trust.queries.compute import as_facts, model_subject
from fabrica.trust.queries.purposes import purpose_in_force

FORMAT = "fabrica-facts-2"
SAMPLE_CHARACTERS, JSON_BYTES_AT_MOST, FILES_AT_MOST = 4_000, 1_000_000, 100
DIGITS_AT_MOST = 18
MEASURED = ("parameters", "tokens", "loss_first", "loss_last", "tokens_per_second", "training_flops", "text", "device",
            "threads", "versions")  # fmt: skip


def facts_of(intake: Intake, out: Path, *, signer: str, now: datetime) -> dict[str, Any]:
    """Everything known about the output in `out` of a run that `intake` reserved a number for."""
    run, model = intake.run, intake.model
    is_training = run.kind == Kind.TRAIN
    result = (run.result or {}).get("summary") or {}
    return {
        "format": FORMAT,
        "name": f"{model.slug}@{intake.number}" if model else "",
        "title": model.title if model else "",
        "site": settings.FABRICA_SITE_NAME,
        "kind": run.kind,
        "created_at": now.isoformat(),
        "signer": signer,
        "application": run.award.application.code,
        "award": run.award_id,
        "project": _project(run),
        "datasets": [_dataset(row.staging.version) for row in run.data.select_related("staging__version__dataset")],
        "recipe": run.recipe,
        "command": None if is_training else run.command,
        "code": code_version(),
        "run": _run(run),
        "training": {name: result.get(name) for name in MEASURED} if is_training else None,
        "use": _use(run),
        "evaluation": read_json(out / "evaluation.json") if is_training else None,
        "sample": _sample(out / "sample.txt") if is_training else None,
        "battery": read_json(out / "battery.json") if is_training else None,
        "compute": as_facts(model_subject(run.project.slug, model.name)) or None if model else None,
        "trust": _trust(run),
        "statement": statement_of(model) if model else None,
    }


def _project(run: Run) -> dict[str, Any]:
    project = run.project
    organisation = project.organisation.name
    return {"slug": project.slug, "title": project.title, "organisation": organisation, "purpose": project.purpose}


def _dataset(version: Version) -> dict[str, Any]:
    """A dataset version. What a project brought for itself is not described to the readers of its model."""
    dataset = version.dataset
    is_told = not dataset.is_own_data
    return {
        "uri": version.uri,
        "title": dataset.title,
        "description": dataset.description if is_told else None,
        "provenance": dataset.provenance if is_told else None,
        "language": dataset.language,
        "provider": dataset.provider.name,
        "sha256": version.sha256,
        "size_bytes": version.size_bytes,
        "file_count": version.file_count,
        "files": version.files[:FILES_AT_MOST] if is_told else None,
        "published_at": version.published_at.isoformat() if version.published_at else None,
        "licence": dataset.licence,
        "licence_url": dataset.licence_url,
        "has_personal_data": dataset.has_personal_data,
    }


def _run(run: Run) -> dict[str, Any]:
    attempts = Attempt.objects.filter(run=run).order_by("number")
    return {
        "uid": run.uid,
        "number": run.number,
        "by": run.created_by.uid,
        "machine": run.machine.name,
        "devices": run.devices,
        "attempts": len(attempts),
        "attempts_ended_because": [one.ended_because for one in attempts],
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def _trust(run: Run) -> dict[str, Any] | None:
    """What the gate said last of the purpose that the project has: of its last change, else of the application."""
    change = purpose_in_force(run.project_id)
    if change is not None and change.assessment is not None:
        return _told(change.assessment)
    found = Assessment.objects.filter(subject=run.award.application.subject).order_by("-pk").first()
    return _told(found) if found else None


def _told(found: Assessment) -> dict[str, Any]:
    """Labels and duties only where its rules give them."""
    return {
        "decision": found.decision,
        "labels": found.labels,
        "duties": found.duties,
        "version": found.version,
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "assessed_at": found.assessed_at.isoformat(),
    }


def with_purpose(facts: dict[str, Any], project_id: int, published_at: datetime | None) -> dict[str, Any]:
    """Facts with the purpose that the project has now and what the gate said of it; if published, those it had then.

    What was signed keeps what it told; the next release of a version that was published tells what that one did.
    """
    change = purpose_in_force(project_id, before=published_at)
    if change is None or change.assessment is None:
        return facts
    project = {**(facts.get("project") or {}), "purpose": change.purpose}
    return {**facts, "project": project, "trust": _told(change.assessment)}


def statement_of(model: Model) -> dict[str, Any] | None:
    """What the project declared of the model last; by whom only as an opaque id."""
    found = Statement.objects.filter(model=model).select_related("by").order_by("-number").first()
    if found is None:
        return None
    digest = hashlib.sha256(canonical_json(found.declared)).hexdigest()
    told = {"version": found.number, "by": found.by.uid, "at": found.at.isoformat()}
    return {**told, "declared": found.declared, "sha256": digest}


def _use(run: Run) -> dict[str, Any]:
    """Hours, times and estimates; an estimate the planner has no facts for is None."""
    known = {"used_gpu_seconds": run.used_gpu_seconds, "planned_seconds": run.planned_seconds}
    try:
        found = bill(run).facts
    except Problem:
        return {**known, "actual_seconds": None, "energy_wh": None, "co2e_grams": None, "cloud_note": None}
    return {**known, "award_gpu_seconds": found.award_gpu_seconds, **_estimates(run, found)}


def _estimates(run: Run, found: Bill) -> dict[str, Any]:
    return {
        "actual_seconds": run.seconds_of(run.used_gpu_seconds),
        "energy_wh": round(found.footprint.energy_wh, 3),
        "co2e_grams": round(found.footprint.co2e_grams, 3),
        "cloud": [_price(one) for one in found.cloud],
        "cloud_note": found.cloud_note,
        "assumptions": [{**asdict(one), "source": str(one.source)} for one in found.assumptions],
    }


def _price(cost: Any) -> dict[str, Any]:
    names = {"vendor": cost.price.vendor, "gpu": cost.price.gpu, "priced_on": cost.price.priced_on}
    return {**names, "eur_cents_low": cost.eur_cents_low, "eur_cents_high": cost.eur_cents_high}


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file of the output; None where it is absent, too large or broken."""
    try:
        if path.is_symlink() or path.stat().st_size > JSON_BYTES_AT_MOST:
            return None
        found = json.loads(path.read_bytes(), parse_constant=_no_number, parse_float=_float, parse_int=_whole)
        canonical_json(found)  # what cannot be signed is broken too
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _no_number(_word: str) -> None:
    """NaN and Infinity are no JSON; a figure that is one is not known."""


def _float(word: str) -> float | None:
    """So it is for `1e999`, which reads as infinity."""
    return value if math.isfinite(value := float(word)) else None


def _whole(word: str) -> int | None:
    """A whole number of more digits than any count has can be neither shown nor reckoned with."""
    return int(word) if len(word) <= DIGITS_AT_MOST else None


def _sample(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as source:
            return source.read(SAMPLE_CHARACTERS)
    except OSError:
        return None
