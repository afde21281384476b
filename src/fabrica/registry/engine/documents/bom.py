"""The model as a CycloneDX 1.6 ML-BOM: what it is, what it was made from, how it measured, what it took.

Written by hand: the library's classes drop the model card, and only to import its validator takes two seconds; the
tests hold what is written here against the standard's own schema.
"""

import json
import uuid
from datetime import datetime
from typing import Any

from fabrica.registry.engine.documents.finding import UNKNOWN, find, find_by_id
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.engine.documents.schema import at, rows_at
from fabrica.registry.engine.documents.values import is_number

SPACE = uuid.UUID("6f4b3b0e-6a3a-5d6e-9b5f-6c1a7a2b6a01")
RESULTS_AT_MOST = 500
WH_IN_KWH, GRAMS_IN_TONNE = 1_000, 1_000_000


def bom(facts: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials. Its serial number follows from the facts, so the same facts make the same bill."""
    data = [_dataset(one, number) for number, one in enumerate(rows_at(facts, "datasets"), start=1)]
    # Not the canonical form: facts from elsewhere may hold what that does not allow.
    digest = json.dumps(facts, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(SPACE, digest)}",
        "version": 1,
        "metadata": {**_timestamp(facts.get("created_at")), "tools": _tools(facts), "component": _model(facts, data)},
        "components": data,
        "dependencies": [{"ref": "model", "dependsOn": [one["bom-ref"] for one in data]}],
    }


def _timestamp(value: Any) -> dict[str, str]:
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return {}
    return {"timestamp": read.isoformat()} if read.tzinfo else {}


def _tools(facts: dict[str, Any]) -> dict[str, Any]:
    tool = {"type": "application", "name": "fabrica", "version": str(at(facts, "code.version") or UNKNOWN)}
    return {"components": [tool]}


def _model(facts: dict[str, Any], data: list[dict[str, Any]]) -> dict[str, Any]:
    name, _, number = str(facts.get("name") or UNKNOWN).partition("@")
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "supplier": {"name": find_by_id(facts, "provider").said},
        "name": name,
        "version": number or UNKNOWN,
        "description": str(facts.get("title") or UNKNOWN),
        "licenses": [_licence(find_by_id(facts, "licence").said)],
        "modelCard": _card(facts, data),
        "properties": _how_known(facts),
    }


def _licence(name: str) -> dict[str, Any]:
    """A licence by the name it was given: whether that is one of SPDX's nobody looked up."""
    return {"license": {"name": name, "acknowledgement": "declared"}}


def _how_known(facts: dict[str, Any]) -> list[dict[str, str]]:
    """For each field of the bill, how it is known, or that it is not."""
    found = [(field.id, find(facts, field)) for field, _place in table().in_document("bom")]
    return [{"name": f"fabrica:how:{name}", "value": one.how or UNKNOWN} for name, one in found]


def _card(facts: dict[str, Any], data: list[dict[str, Any]]) -> dict[str, Any]:
    def told(name: str) -> str:
        return find_by_id(facts, name).said

    return {
        "modelParameters": {
            "architectureFamily": told("architecture_facts"),
            "datasets": [{"ref": one["bom-ref"]} for one in data],
            "inputs": [{"format": told("inputs")}],
            "outputs": [{"format": told("outputs")}],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(facts)},
        "considerations": {
            "useCases": [told("intended_use")],
            "technicalLimitations": [told("limits"), f"Out of scope: {told('out_of_scope')}"],
            "ethicalConsiderations": [{"name": told("risks")}],
            "environmentalConsiderations": _environment(facts),
        },
    }


def _metrics(facts: dict[str, Any]) -> list[dict[str, Any]]:
    bits = find_by_id(facts, "bits").said
    own = {"type": "bits per byte of held-out text", "value": bits}
    return [own, *(_metric(one) for one in rows_at(facts, "battery.results", RESULTS_AT_MOST))]


def _metric(one: dict[str, Any]) -> dict[str, Any]:
    """A result of the battery; the verdict goes with the value, because the standard has no place for it."""
    value, verdict = one.get("value"), str(one.get("verdict") or UNKNOWN)
    told = f"{value} {one.get('unit') or ''}".strip() + f" ({verdict})" if is_number(value) else "not run"
    made: dict[str, Any] = {"type": f"{one.get('probe')}: {one.get('name')}", "value": told}
    if is_number(one.get("low")) and is_number(one.get("high")):
        made["confidenceInterval"] = {"lowerBound": str(one["low"]), "upperBound": str(one["high"])}
    return made


def _environment(facts: dict[str, Any]) -> dict[str, Any]:
    watt_hours, grams = at(facts, "use.energy_wh"), at(facts, "use.co2e_grams")
    if not is_number(watt_hours):
        return {"properties": [{"name": "fabrica:energy", "value": UNKNOWN}]}
    energy = {"value": watt_hours / WH_IN_KWH, "unit": "kWh"}
    # Which power station it came from nobody recorded.
    provider = {"organization": {"name": UNKNOWN}, "energySource": "unknown", "energyProvided": energy}
    used: dict[str, Any] = {"activity": "training", "energyProviders": [provider], "activityEnergyCost": energy}
    if is_number(grams):
        used["co2CostEquivalent"] = {"value": grams / GRAMS_IN_TONNE, "unit": "tCO2eq"}
    return {"energyConsumptions": [{**used, "properties": [{"name": "fabrica:how", "value": "estimated"}]}]}


def _dataset(one: dict[str, Any], number: int) -> dict[str, Any]:
    title = str(one.get("title") or UNKNOWN)
    owner = {"organization": {"name": str(one.get("provider") or UNKNOWN)}}
    content: dict[str, Any] = {"type": "dataset", "name": title, "governance": {"owners": [owner]}}
    if one.get("has_personal_data") is True:
        content["sensitiveData"] = ["personal data, as the provider says"]
    # The digest is of the list of files, not of one file, so it is no `hash` of the standard's.
    told = {
        "uri": one.get("uri"),
        "sha256_of_the_list_of_files": one.get("sha256"),
        "size_bytes": one.get("size_bytes"),
    }
    return {
        "type": "data",
        "bom-ref": f"data-{number}",
        "name": title,
        "version": str(one.get("uri") or UNKNOWN).rpartition("@")[2],
        "licenses": [_licence(str(one.get("licence") or UNKNOWN))],
        "data": [content],
        "properties": [
            {"name": f"fabrica:{name}", "value": str(value) if value is not None else UNKNOWN}
            for name, value in told.items()
        ],
    }
