"""What a file must be, and what is said about one that is not."""

import json
from pathlib import Path

import pytest
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.people.engine.sme import MAX_BYTES, as_dict, assess, read, rules_from
from hypothesis import given
from hypothesis import strategies as st

from .sme_graphs import document, enterprise, graph, link

GUIDE = Path(__file__).parents[4] / "docs" / "applicant" / "sme.md"
PERSON = {"id": "ida", "name": "Ida", "kind": "person"}


def refusal(loaded):
    with pytest.raises(Refused) as caught:
        read(loaded if isinstance(loaded, (str, bytes)) else json.dumps(loaded))
    assert caught.value.why
    assert caught.value.todo
    return caught.value.what


def with_alpha(**changed):
    return document([{**enterprise("alpha"), **changed}])


def with_link(**changed):
    return document([enterprise("alpha"), enterprise("beta"), PERSON], [{**link("beta", "alpha", "30"), **changed}])


YEAR = {"year": 2025, "staff": "1", "turnover": "1", "balance": "1"}


@pytest.mark.parametrize(
    ("loaded", "what"),
    [
        ("x" * (MAX_BYTES + 1), "The file is too large."),
        (b"\xff\xfe", "The file is no JSON document."),
        ('{"format": "fabrica-sme/1", "format": "fabrica-sme/1"}', "The file is no JSON document."),
        ("[" * 100_000, "The file is no JSON document."),
        ([], "The file cannot be used."),
        ({}, "format cannot be used."),
        (document([], as_of="yesterday"), "as_of cannot be used."),
        (document([], as_of=None), "as_of cannot be used."),
        (document([], as_of="9999-01-01"), "as_of cannot be used."),
        (document([]), "applicant cannot be used."),
        (document([PERSON], applicant="ida"), "applicant cannot be used."),
        (document([enterprise("alpha")], aplicant="x"), "aplicant cannot be used."),
        (document([enterprise("alpha")] * 2), "enterprises cannot be used."),
        (document([enterprise("alpha")] * 1001), "enterprises cannot be used."),
        (document({}) | {"enterprises": {}}, "enterprises cannot be used."),
        (document([enterprise("alpha")], category_before="large"), "category_before cannot be used."),
        (document([enterprise("alpha", founded_on="2025-01-01")], category_before="small"), "category_before cannot be used."),
        (with_alpha(id="a b"), "enterprises[0].id cannot be used."),
        (with_alpha(id=7), "enterprises[0].id cannot be used."),
        (with_alpha(name="two\nlines"), "enterprises[0].name cannot be used."),
        (with_alpha(kind="club"), "enterprises[0].kind cannot be used."),
        (with_alpha(kind=[]), "enterprises[0].kind cannot be used."),
        (with_alpha(country="fr"), "enterprises[0].country cannot be used."),
        (with_alpha(listed="no"), "enterprises[0].listed cannot be used."),
        (with_alpha(kind="local_authority"), "enterprises[0] cannot be used."),
        (with_alpha(markets=["m"] * 21), "enterprises[0].markets cannot be used."),
        (with_alpha(years=[]), "alpha.years cannot be used."),
        (with_alpha(years=[{**YEAR, "year": 2027}]), "alpha.years cannot be used."),
        (with_alpha(years=[YEAR, YEAR]), "enterprises[0].years cannot be used."),
        (with_alpha(years=[YEAR, {**YEAR, "year": 2023}]), "alpha.years cannot be used."),
        (with_alpha(years=[YEAR, {**YEAR, "year": 2024, "estimated": True}]), "enterprises[0].years cannot be used."),
        (with_alpha(years=[YEAR] * 3), "enterprises[0].years cannot be used."),
        (with_alpha(years=[{**YEAR, "year": 20}]), "enterprises[0].years[0].year cannot be used."),
        (with_alpha(years=[{**YEAR, "staff": "-1"}]), "enterprises[0].years[0].staff cannot be used."),
        (with_alpha(years=[{**YEAR, "staff": "1.00001"}]), "enterprises[0].years[0].staff cannot be used."),
        (with_alpha(years=[{**YEAR, "staff": True}]), "enterprises[0].years[0].staff cannot be used."),
        (with_alpha(years=[{**YEAR, "turnover": "1 000"}]), "enterprises[0].years[0].turnover cannot be used."),
        (with_alpha(years=[{**YEAR, "turnover": "1e999999"}]), "enterprises[0].years[0].turnover cannot be used."),
        (with_alpha(years=[{**YEAR, "turnover": "1e-999999"}]), "enterprises[0].years[0].turnover cannot be used."),
        (with_alpha(years=[{**YEAR, "balance": "NaN"}]), "enterprises[0].years[0].balance cannot be used."),
        (with_alpha(years=[{**YEAR, "balance": float("inf")}]), "enterprises[0].years[0].balance cannot be used."),
        (with_alpha(years=[{**YEAR, "balance": "1.00" + "0" * 40 + "1"}]), "enterprises[0].years[0].balance cannot be used."),
        (with_alpha(consolidates=["zz"]), "consolidates cannot be used."),
        (with_alpha(consolidates=["alpha"]), "consolidates cannot be used."),
        (with_alpha(consolidates=["zz", "zz"]), "enterprises[0].consolidates cannot be used."),
        (with_link(holder="zz"), "links[0].holder cannot be used."),
        (with_link(holder="alpha"), "links[0] cannot be used."),
        (with_link(held="ida"), "links[0].held cannot be used."),
        (with_link(capital="100.01"), "links[0].capital cannot be used."),
        (with_link(capital="33.3333333"), "links[0].capital cannot be used."),
        (with_link(votes=None), "links[0].votes cannot be used."),
        (with_link(control=["charm"]), "links[0].control[0] cannot be used."),
        (with_link(vote="30"), "links[0].vote cannot be used."),
        (with_link() | {"links": [link("beta", "alpha", "1")] * 2}, "links cannot be used."),
        (with_link() | {"links": [link("beta", "alpha", "60"), link("ida", "alpha", "40.01")]}, "links cannot be used."),
        (with_link() | {"jointly": [["ida"]]}, "jointly[0] cannot be used."),
        (with_link() | {"jointly": [["ida", "beta"]]}, "jointly[0] cannot be used."),
        (with_link() | {"adjacent_markets": [["a"]]}, "adjacent_markets[0] cannot be used."),
        (with_link() | {"adjacent_markets": [["a", "a"]]}, "adjacent_markets[0] cannot be used."),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(loaded, what):
    assert refusal(loaded) == what


@pytest.mark.parametrize(
    ("alpha", "angel", "what"),
    [
        ({"listed": False}, {}, "links[0].invested cannot be used."),
        ({}, {"invested": "1"}, "links[0].held cannot be used."),
    ],
)
def test_what_the_exception_for_business_angels_hangs_on_is_asked_for(alpha, angel, what):
    nodes = [enterprise("alpha", **alpha), {"id": "anna", "name": "Anna", "kind": "business_angel"}]
    assert refusal(document(nodes, [link("anna", "alpha", "30", **angel)])) == what


def test_accounts_that_contain_each_other_are_refused():
    nodes = [enterprise("alpha", consolidates=["beta"]), enterprise("beta", consolidates=["alpha"])]
    assert refusal(document(nodes)) == "consolidates cannot be used."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["alpha", "link", "whole"]), st.data())
def test_whatever_stands_in_a_file_it_is_taken_or_refused_and_nothing_else(where, data):
    loaded = with_link()
    part = {"alpha": loaded["enterprises"][0], "link": loaded["links"][0], "whole": loaded}[where]
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
    try:
        as_dict(assess(read(json.dumps(loaded))))
    except Refused as refused:
        assert refused.why


def test_the_guides_example_is_what_the_guide_says():
    text = GUIDE.read_text(encoding="utf-8")
    found = as_dict(assess(read(text.partition("```json\n")[2].partition("```")[0])))
    sums = [[one[key] for key in ("year", "staff", "turnover", "balance")] for one in found["years"]]
    assert sums == [[2025, "47.5", "8700000", "11000000"], [2024, "39.4", "7350000", "9800000"]]
    assert (found["category"], found["open"], found["predicates"]["start_up"]) == ("small", [], False)
    relations = {one["id"]: one["relation"] for one in found["enterprises"]}
    assert relations == {"alpha": "applicant", "beta": "partner", "founder": "person", "uni": "exempt"}


def test_the_guide_names_every_key_and_every_kind():
    text = GUIDE.read_text(encoding="utf-8")
    from fabrica.people.engine.sme.graph import Control, Kind

    assert [one for one in [*Kind, *Control] if f"`{one.value}`" not in text] == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": None, "ceilings": []},
        {"limits": []},
        {"methods": []},
        {"ceilings": [{"category": "micro"}]},
        {"predicates": [{"key": ["x"], "title": "X", "all": []}]},
        {"predicates": [{"key": "x", "title": "X", "all": [{"fact": "moon", "is": True}]}]},
        {"predicates": [{"key": "x", "title": "X", "all": [{"fact": "age", "at_most_years": "5"}]}]},
        {"predicates": [{"key": "x", "title": "X", "all": [{"fact": "staff", "below": "-5"}]}]},
        {"predicates": [{"key": "x", "title": "X", "all": [{"fact": "category", "one_of": ["big"]}]}]},
        {"predicates": [{"key": "x", "title": "X", "all": [{"fact": "listed", "is": "no"}]}]},
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense_is_not_taken(change):
    with pytest.raises(ValueError, match="rule|ceilings|limits|condition|amount"):
        rules_from({**load("fabrica.people", "sme.json"), **change})


def test_a_site_asks_its_own_questions():
    source = {"source": "House rule", "checked_on": "2026-11-26", "confidence": "A"}
    tiny = {"key": "tiny", "title": "Tiny", "all": [{"fact": "staff", "below": "3"}], **source}
    rule = rules_from({**load("fabrica.people", "sme.json"), "predicates": [tiny]})
    answers = [assess(graph([enterprise("alpha", staff)]), rule).predicates for staff in ("2.9", "3")]
    assert answers == [{"tiny": True}, {"tiny": False}]
