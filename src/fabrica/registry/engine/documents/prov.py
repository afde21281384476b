"""Where the model comes from, as W3C PROV-O in JSON-LD: data, recipe, code, run, model. Persons are opaque ids only."""

from typing import Any

from fabrica.registry.engine.documents.finding import UNKNOWN
from fabrica.registry.engine.documents.schema import at, rows_at

Node = dict[str, Any]
CONTEXT = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct": "http://purl.org/dc/terms/",
    "fabrica": "urn:fabrica:",
    "title": "dct:title",
    "used": {"@id": "prov:used", "@type": "@id"},
    "wasGeneratedBy": {"@id": "prov:wasGeneratedBy", "@type": "@id"},
    "wasDerivedFrom": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
    "wasAttributedTo": {"@id": "prov:wasAttributedTo", "@type": "@id"},
    "wasAssociatedWith": {"@id": "prov:wasAssociatedWith", "@type": "@id"},
    "actedOnBehalfOf": {"@id": "prov:actedOnBehalfOf", "@type": "@id"},
    "startedAtTime": {"@id": "prov:startedAtTime", "@type": "xsd:dateTime"},
    "endedAtTime": {"@id": "prov:endedAtTime", "@type": "xsd:dateTime"},
    "generatedAtTime": {"@id": "prov:generatedAtTime", "@type": "xsd:dateTime"},
    "sha256": "fabrica:sha256",
    "machine": "fabrica:machine",
    "commit": "fabrica:commit",
    "unknown": "fabrica:unknown",
}


def provenance(facts: dict[str, Any]) -> Node:
    """The graph. What a node should tell and does not is listed in its `unknown`."""
    data = [_data(one, number) for number, one in enumerate(rows_at(facts, "datasets"), start=1)]
    return {"@context": CONTEXT, "@graph": [*_agents(facts), *data, *_means(facts), *_made(facts, data)]}


def _node(name: str, kind: str, **told: Any) -> Node:
    """A node with what is known, and the names of what is not."""
    unknown = sorted(name for name, value in told.items() if value in (None, ""))
    known = {name: value for name, value in told.items() if name not in unknown}
    return {"@id": name, "@type": kind, **known, **({UNKNOWN: unknown} if unknown else {})}


def _person(uid: Any) -> str | None:
    return f"fabrica:person:{uid}" if uid else None


def _agents(facts: dict[str, Any]) -> list[Node]:
    people = dict.fromkeys(
        one for one in (at(facts, "run.by"), at(facts, "statement.by")) if one and isinstance(one, str)
    )
    return [
        _node("fabrica:organisation", "prov:Organization", title=at(facts, "project.organisation")),
        _node("fabrica:site", "prov:Organization", title=facts.get("site")),
        *(_node(str(_person(one)), "prov:Person", actedOnBehalfOf="fabrica:organisation") for one in people),
    ]


def _data(one: dict[str, Any], number: int) -> Node:
    name = str(one.get("uri") or f"fabrica:data:{number}")
    return _node(name, "prov:Entity", title=one.get("title"), sha256=one.get("sha256"))


def _means(facts: dict[str, Any]) -> list[Node]:
    """Recipe or command, and the code."""
    commit, version = at(facts, "code.commit"), at(facts, "code.version")
    plan = at(facts, "recipe.name") or facts.get("kind")
    return [
        _node("fabrica:recipe", "prov:Plan", title=plan),
        _node("fabrica:code", "prov:SoftwareAgent", title=f"fabrica {version}" if version else None, commit=commit),
    ]


def _made(facts: dict[str, Any], data: list[Node]) -> list[Node]:
    run = f"fabrica:run:{at(facts, 'run.uid') or UNKNOWN}"
    model = f"fabrica:model:{facts.get('name') or UNKNOWN}"
    inputs = [one["@id"] for one in data]
    nodes = [
        _node(
            run, "prov:Activity", used=[*inputs, "fabrica:recipe"], startedAtTime=at(facts, "run.started_at"),
            endedAtTime=at(facts, "run.ended_at"), machine=at(facts, "run.machine"),
            wasAssociatedWith=[one for one in (_person(at(facts, "run.by")), "fabrica:site", "fabrica:code") if one],
        ),
        _node(
            model, "prov:Entity", title=facts.get("title"), wasGeneratedBy=run, wasDerivedFrom=inputs,
            wasAttributedTo="fabrica:organisation", generatedAtTime=facts.get("created_at"),
        ),
    ]  # fmt: skip
    if isinstance(facts.get("statement"), dict):
        nodes.append(_statement(facts))
    return nodes


def _statement(facts: dict[str, Any]) -> Node:
    return _node(
        f"fabrica:statement:{at(facts, 'statement.version') or UNKNOWN}", "prov:Entity",
        wasAttributedTo=_person(at(facts, "statement.by")), generatedAtTime=at(facts, "statement.at"),
        sha256=at(facts, "statement.sha256"),
    )  # fmt: skip
