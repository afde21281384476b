"""One facts record, every document: whole against golden files, valid by their own standards, and never a guess."""

import json
import math
from copy import deepcopy

import pytest
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.registry.engine.documents import completeness, render_all
from fabrica.registry.engine.documents.finding import find
from fabrica.registry.engine.documents.rows import NAME, table, table_from
from fabrica.registry.engine.documents.schema import DATASET, PARTS, WHOLE, how
from fabrica.registry.tests import folders
from fabrica.registry.tests.papers import FACTS, GOLDEN, RESULTS

ANNEX_XI = [f"Section 1, point 1({one})" for one in "abcdef"] + [f"Section 1, point 2({one})" for one in "abcde"]
ANNEX_XI += [f"Section 2, point {one}" for one in "123"]
ANNEX_XII = [f"point 1({one})" for one in "abcdefgh"] + [f"point 2({one})" for one in "abc"]
NONE = {**dict.fromkeys(WHOLE), "format": "fabrica-facts-2"}


def test_every_document_is_what_it_was():
    found = render_all(FACTS)
    assert found == {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    assert render_all(deepcopy(FACTS)) == found


@pytest.mark.parametrize("facts", [FACTS, NONE, {}, folders.FACTS], ids=["all", "none", "empty", "first format"])
def test_the_bill_of_materials_is_valid(facts):
    # Only here: to import the validator takes two seconds and 50 MB.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(render_all(facts)["ml-bom.cdx.json"].decode())
    assert error is None or error.data.message is None


@pytest.mark.parametrize("name", ["croissant.json", "provenance.json"])
def test_every_word_of_linked_data_has_a_meaning(name):
    for facts in (FACTS, NONE):
        found = json.loads(render_all(facts)[name])
        assert undefined(found, found["@context"]) == set()
        assert {one["@id"] for one in found.get("@graph", ())} >= led_to(found, found["@context"])


def undefined(node, context):
    """The keys and prefixes that the context does not explain."""
    if isinstance(node, list):
        return set().union(*(undefined(one, context) for one in node))
    if not isinstance(node, dict):
        return set()
    words = {word for word in node if not word.startswith("@") and word.partition(":")[0] not in context}
    known = "@vocab" in context and all(":" not in word for word in words)
    inner = [undefined(value, context) for word, value in node.items() if word != "@context"]
    return (set() if known else words).union(*inner)


def led_to(found, context):
    """What the graph's nodes point at."""
    links = {word for word, told in context.items() if isinstance(told, dict) and told.get("@type") == "@id"}
    values = [one[word] for one in found.get("@graph", ()) for word in links & set(one)]
    return {target for value in values for target in (value if isinstance(value, list) else [value])}


def test_two_datasets_make_two_croissants():
    facts = {**FACTS, "datasets": FACTS["datasets"] * 2}
    assert [name for name in render_all(facts) if "croissant" in name] == ["croissant-1.json", "croissant-2.json"]


FILE = {"path": "text/a.txt", "size_bytes": 1, "sha256": "56" * 32}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"files": [FILE] * 100, "file_count": 2_500}, "Files listed here: 100. Number of files: 2,500."),
        ({"files": [FILE] * 100, "file_count": None}, "Files listed here: 100. Number of files: unknown."),
        ({"files": None, "file_count": 7}, "Its files are not told. Number of files: 7."),
        ({"files": None, "file_count": None}, "Its files are not told. Number of files: unknown."),
    ],
)
def test_a_croissant_says_how_many_files_it_lists_of_how_many(told, words):
    found = render_all({**FACTS, "datasets": [{**FACTS["datasets"][0], **told}]})["croissant.json"]
    assert json.loads(found)["description"] == f"Novels in French.\n\n{words}"


@pytest.mark.parametrize("name", ["xi", "xii"])
def test_each_point_of_the_annexes_has_its_row_in_their_order(name):
    points = list(dict.fromkeys(place.ref.partition(", ")[2] for _field, place in table().in_document(name)))
    assert points == {"xi": ANNEX_XI, "xii": ANNEX_XII}[name]


def test_what_nobody_knows_reads_unknown_everywhere():
    found = render_all(NONE)
    for document in ("summary", "form", "xi", "xii"):
        text = found[table().document(document).file].decode()
        values = [line.split(" | ")[-3] for line in text.splitlines() if line.endswith("– | – |")]
        # A dataset that is not there has one row of its own.
        assert values == ["unknown"] * len(table().in_document(document))
    assert json.loads(found["croissant.json"])["license"] == "unknown"
    assert completeness(NONE).score == 0


def test_a_fact_is_marked_by_how_it_is_known():
    marks = {
        "statement.declared.limits": "declared", "evaluation.bits_per_byte": "measured", "use.energy_wh": "estimated",
        "trust.decision": "decided", "project.organisation": "recorded", "use.used_gpu_seconds": "recorded",
    }  # fmt: skip
    assert {path: how(path) for path in marks} == marks
    lines = render_all(FACTS)["model-documentation-form.md"].decode().splitlines()
    assert [line for line in lines if line.startswith("| Licence of the model")] == [
        "| Licence of the model | AI Office, national authorities, downstream providers | Apache-2.0 | declared "
        "| statement 3 of 2026-11-26 |"
    ]


def test_all_that_is_known_is_complete_and_each_gap_is_named_with_who_can_tell():
    whole = completeness(FACTS)
    assert (whole.score, whole.missing, {one.score for one in whole.documents}) == (100, (), {100})
    assert {one.document: one.owed for one in whole.documents if one.owed != "no"} == dict.fromkeys(
        ["summary", "form", "xi", "xii"], "yes"
    )
    facts = deepcopy(FACTS)
    del facts["statement"]["declared"]["licence"], facts["statement"]["declared"]["crawled_told"]
    facts["battery"] = None
    found = completeness(facts)
    assert [(one.field, one.who, one.section) for one in found.missing] == [
        ("battery", "run", ""), ("licence", "person", "use"), ("crawled_told", "person", "data")
    ]  # fmt: skip
    assert found.missing[1].documents == ("card", "form", "xi", "xii", "bom")
    assert 0 < found.score < 100


EVERY = ("card", "form", "xi", "xii", "bom")


@pytest.mark.parametrize(
    ("labels", "owed", "missing"),
    [
        ([], "no", {"licence": ("card", "bom")}),
        (None, "open", {"design": ("form", "xi"), "licence": EVERY, "labels": ("card",)}),
        (["GPAI", "GPAI_FOSS"], "no", {"licence": ("card", "bom")}),
        (["GPAI", "GPAI_FOSS", "GPAI_SR"], "yes", {"design": ("form", "xi"), "licence": EVERY, "adversarial": ("xi",)}),
    ],
)
def test_what_is_owed_and_what_counts_follow_the_gates_labels(labels, owed, missing):
    facts = deepcopy({**FACTS, "trust": {**FACTS["trust"], "labels": labels}})
    for name in ("adversarial", "licence", "design"):
        del facts["statement"]["declared"][name]
    found = completeness(facts)
    assert {one.document: one.owed for one in found.documents}["xi"] == owed
    assert {one.field: one.documents for one in found.missing} == missing


@pytest.mark.parametrize(
    "odd", [[], {}, "x", 3, -1.5, True, math.nan, "\ud800|`", [None], [{}], [{"label": []}]], ids=repr
)
def test_no_value_of_a_strange_kind_breaks_a_document(odd):
    strange = {part: dict.fromkeys(names, odd) for part, names in PARTS.items()}
    strange["battery"] = {"results": [dict.fromkeys(RESULTS[0], odd)]}
    strange["statement"]["declared"] = {one.id: odd for one in table().asked}
    datasets = [dict.fromkeys(DATASET, odd)]
    for facts in ({**FACTS, **strange, "datasets": datasets}, {**dict.fromkeys(WHOLE, odd), "format": None}):
        assert len(render_all(facts)) == len(GOLDEN_NAMES)
        assert 0 <= completeness(facts).score <= 100


GOLDEN_NAMES = [path.name for path in GOLDEN.iterdir()]


def test_facts_of_a_later_format_are_refused():
    with pytest.raises(Refused):
        render_all({"format": "fabrica-facts-9"})


def test_every_row_is_found_in_a_record_that_has_all():
    empty = [one.id for one in table().fields if not find(FACTS, one).text]
    assert empty == []


def changed(**changes):
    data = load("fabrica.registry", NAME)
    data["fields"][0] |= changes
    return data


@pytest.mark.parametrize(
    "changes",
    [
        {"path": ["nothing.there"]},
        {"path": ["statement.declared.nothing"]},
        {"as": "odd"},
        {"who": "nobody"},
        {"who": "person"},
        {"where": ""},
        {"id": "title"},
        {"in": []},
        {"in": [{"document": "card", "section": "nowhere", "ref": "x", "required": True}]},
        {"in": [{"document": "form", "section": "general", "ref": "x", "required": True}]},
    ],
    ids=str,
)
def test_rows_that_lead_nowhere_are_refused_on_load(changes):
    with pytest.raises(ValueError, match=r"\w"):
        table_from(changed(**changes))
