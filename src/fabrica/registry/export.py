"""A published model for programs: `export.json`. The keys stay; new ones may come (docs/operator/release.md)."""

from datetime import datetime
from typing import Any

from fabrica.registry import readiness
from fabrica.registry.engine.card import at
from fabrica.registry.models import ModelVersion
from fabrica.registry.queries import documents_of, files_and_signature_of, releases_of
from fabrica.registry.shown import dataset_page, facts_shown, file_url, without_output
from fabrica.registry.states import State

FORMAT = "fabrica-model-export-1"
DECLARED = ("intended_use", "out_of_scope", "languages", "licence", "limits")
DATASET = ("uri", "title", "provider", "sha256", "size_bytes", "licence", "licence_url", "has_personal_data")


def export_of(version: ModelVersion, url: str) -> dict[str, Any]:
    """Everything its page tells, with addresses below `url`. Files only while they are given out to everybody."""
    is_open = version.state == State.PUBLISHED and version.restricted_at is None
    facts = facts_shown(version) if is_open else without_output(facts_shown(version))
    return {
        "format": FORMAT,
        "name": str(version),
        "title": version.model.title,
        "state": version.state,
        "published_at": _time(version.published_at),
        "withdrawn_at": _time(version.withdrawn_at),
        "withdrawn_because": version.withdrawn_because,
        "restricted_at": _time(version.restricted_at),
        "restricted_because": version.restricted_because,
        "page": url + version.page,
        "report": f"{url}{version.page}report/",
        "organisation": at(facts, "project.organisation"),
        "purpose": at(facts, "project.purpose"),
        **{name: readiness.declared(facts, name) for name in DECLARED},
        "datasets": [_dataset(one, url) for one in facts.get("datasets") or []],
        "evaluation": facts.get("evaluation"),
        "battery": readiness.results(facts),
        "evaluations": at(facts, "battery.history") or [],
        "trust": facts.get("trust"),
        "compute": facts.get("compute"),
        "use": facts.get("use"),
        "files": [_file(version, one, url) for one in files_and_signature_of(version)] if is_open else [],
        "releases": _releases(version, url) if is_open else [],
        "signed_with": version.key_fingerprint,
    }


def _releases(version: ModelVersion, url: str) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "made_at": _time(one.made_at),
            "signed_with": one.key_fingerprint,
            "documents": [_file(version, document, url) for document in documents_of(one)],
        }
        for one in releases_of(version)
    ]


def _dataset(one: dict[str, Any], url: str) -> dict[str, Any]:
    page = dataset_page(one)
    return {**{name: one.get(name) for name in DATASET}, "page": url + page if page else None}


def _file(version: ModelVersion, one: Any, url: str) -> dict[str, Any]:
    address = url + file_url(version, one.path)
    return {"path": one.path, "size_bytes": one.size_bytes, "sha256": one.sha256, "url": address}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
