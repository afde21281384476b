"""What holds for every ownership graph; and that the work grows with the graph and no faster."""

import json
import sys
from decimal import Decimal

import pytest
from fabrica.people.engine.sme import as_dict, assess, read, rules_from
from fabrica.people.engine.sme.exact import text
from fabrica.kit.facts import load
from hypothesis import given
from hypothesis import strategies as st

from .sme_graphs import document, enterprise, graph, link

pytestmark = pytest.mark.long

NAMES = ["alpha", *(f"e{number}" for number in range(6))]
KINDS = ["enterprise"] * 4 + ["venture_capital", "university"]
MONEY = st.decimals(0, 60_000_000, places=2).map(str)
STAFF = st.decimals(0, 300, places=4).map(str)


@st.composite
def documents(draw):
    """Up to seven enterprises, persons and a public body among their owners, holding as arithmetic allows."""
    kinds = {one: "enterprise" if one == "alpha" else draw(st.sampled_from(KINDS)) for one in NAMES}
    nodes = [
        enterprise(
            one, draw(STAFF), draw(MONEY), draw(MONEY), kind=kinds[one], markets=draw(st.sampled_from([[], ["m"]]))
        )
        for one in NAMES
    ]
    nodes += [{"id": "ida", "name": "Ida", "kind": "person"}, {"id": "state", "name": "State", "kind": "public_body"}]
    links = []
    for held in NAMES:
        left = Decimal(100)
        for holder in draw(st.lists(st.sampled_from([*NAMES, "ida", "state"]), unique=True, max_size=3)):
            share = min(
                left, draw(st.sampled_from([Decimal(one) for one in ("10", "24.99", "25", "30", "50", "50.01")]))
            )
            if holder != held and share:
                left -= share
                links.append(link(holder, held, str(share)))
    return document(nodes, links, category_before=draw(st.sampled_from(["none", "", "micro", "medium", "not_sme"])))


def answer(loaded):
    return as_dict(assess(read(json.dumps(loaded))))


@given(documents(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(loaded, random):
    shuffled = {**loaded, "enterprises": [*loaded["enterprises"]], "links": [*loaded["links"]]}
    random.shuffle(shuffled["enterprises"])
    random.shuffle(shuffled["links"])
    assert answer(shuffled) == answer(loaded)


@given(documents())
def test_an_enterprise_without_any_relation_changes_nothing(loaded):
    stranger = enterprise("zz", "9999", "999999999", "999999999")
    before = answer(loaded)
    after = answer({**loaded, "enterprises": [*loaded["enterprises"], stranger]})
    assert after["enterprises"].pop() == {"id": "zz", "relation": "unrelated"}
    after["explanation"] = [one for one in after["explanation"] if not one.startswith("Zz ")]
    assert after == before


@given(documents())
def test_every_figure_counts_at_most_once(loaded):
    stated = {one["id"]: one["years"][0] for one in loaded["enterprises"] if "years" in one}
    found = answer(loaded)
    for figure in ("staff", "turnover", "balance"):
        added = [Decimal(one["added"]["2025"][figure]) for one in found["enterprises"] if "added" in one]
        assert sum(added) == Decimal(found["years"][0][figure])
        assert sum(added) <= sum(Decimal(one[figure]) for one in stated.values())


@given(documents(), st.integers(2, 9))
def test_ten_times_all_amounts_against_ten_times_the_ceilings_is_the_same_category(loaded, factor):
    larger = json.loads(json.dumps(loaded))
    for one in larger["enterprises"]:
        for year in one.get("years", ()):
            year.update({key: str(Decimal(year[key]) * factor) for key in ("staff", "turnover", "balance")})
    rule = load("fabrica.people", "sme.json")
    for ceiling in rule["ceilings"]:
        ceiling.update(
            {key: str(int(value) * factor) for key, value in ceiling.items() if key.endswith(("below", "most"))}
        )
    found = assess(read(json.dumps(larger)), rules_from(rule))
    assert (found.category, found.type) == (answer(loaded)["category"], answer(loaded)["type"])


@given(documents())
def test_what_is_unknown_stays_within_what_is_possible(loaded):
    """Taking a figure away widens the answer; it never excludes what the figure would have given."""
    known = answer(loaded)
    poorer = json.loads(json.dumps(loaded))
    for one in poorer["enterprises"][1:3]:
        del one["years"][0]["turnover"]
    assert set(known["possible"]) <= set(answer(poorer)["possible"])


def groups_by_definition(loaded):
    """Linked enterprises, as slowly as the text reads: join until no group has a majority outside itself."""
    groups = [{one["id"]} for one in loaded["enterprises"] if one.get("kind") not in ("person", "public_body")]
    joined = True
    while joined:
        joined = False
        for one in groups:
            for other in groups:
                votes = [
                    sum(
                        Decimal(way["votes"]) for way in loaded["links"] if way["holder"] in one and way["held"] == held
                    )
                    for held in other
                ]
                if one is not other and max(votes) > 50:
                    one |= other
                    groups.remove(other)
                    joined = True
                    break
            if joined:
                break
    return groups


@given(documents())
def test_who_counts_and_how_much_is_what_the_definition_gives(loaded):
    loaded["links"] = [one for one in loaded["links"] if one["holder"] != "ida"]
    found = assess(read(json.dumps(loaded)))
    groups = groups_by_definition(loaded)
    own = next(one for one in groups if "alpha" in one)
    assert {name for name, place in found.places.items() if place.relation in ("applicant", "linked")} == own
    exempt = {one["id"] for one in loaded["enterprises"] if one.get("kind") in ("venture_capital", "university")}
    for other in groups:
        if other is not own:
            percents = [Decimal(0)]
            for holders, held, is_upstream in [(other, one, True) for one in own] + [
                (own, one, False) for one in other
            ]:
                ways = [one for one in loaded["links"] if one["held"] == held and one["holder"] in holders]
                if not (is_upstream and ways and {one["holder"] for one in ways} <= exempt):
                    percents.append(sum(Decimal(one["votes"]) for one in ways))
            counted = max(percents) if max(percents) >= 25 else 0
            assert {found.places[one].percent for one in other if found.places[one].is_counted} == ({counted} - {0})


@given(documents(), st.booleans(), st.booleans())
def test_an_undecided_answer_always_says_what_to_state(loaded, has_gap, is_dispersed):
    if has_gap:
        del loaded["enterprises"][1]["years"][0]["staff"]
    loaded["enterprises"][0]["dispersed"] = is_dispersed
    found = answer(loaded)
    assert (found["category"] == "undecided") == (len(found["possible"]) > 1)
    if found["category"] == "undecided":
        assert found["open"]
        assert all(one["todo"] for one in found["open"])
        assert found["explanation"][-len(found["open"]) :] == [one["todo"] for one in found["open"]]


def chain(size):
    """Each has all of the next: one long group."""
    names = ["alpha", *(f"e{number}" for number in range(size - 1))]
    return [enterprise(one) for one in names], [link(*pair, "100") for pair in zip(names, names[1:])]


def ring(size):
    nodes, links = chain(size)
    return nodes, [*links, link(nodes[-1]["id"], "alpha", "51")]


def star(size):
    nodes, _ = chain(size)
    return nodes, [link("alpha", one["id"], "30") for one in nodes[1:]]


def cascade(size):
    """Each is held by the two before: every majority is found only once the one before it is."""
    nodes, _ = chain(size)
    names = [one["id"] for one in nodes]
    joint = [
        link(one, third, "30") for first, second, third in zip(names, names[1:], names[2:]) for one in (first, second)
    ]
    return nodes, [link("alpha", names[1], "100"), *joint]


def under_one_person(size):
    nodes, _ = chain(size)
    nodes = [{**one, "markets": ["m"]} for one in nodes]
    person = {"id": "ida", "name": "Ida", "kind": "person"}
    return [*nodes, person], [link("ida", one["id"], "100") for one in nodes]


def consolidated(size):
    nodes, links = chain(size)
    return [{**one, "consolidates": [two["id"]]} for one, two in zip(nodes, nodes[1:])] + nodes[-1:], links


def calls_of(ownership):
    """How many functions ran: the work, whatever the machine."""
    count = 0

    def seen(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        assess(ownership)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", [chain, ring, star, cascade, under_one_person, consolidated])
def test_twice_the_enterprises_are_about_twice_the_work(shape):
    small, large = (calls_of(graph(*shape(size))) for size in (100, 200))
    assert large < 2.5 * small


@pytest.mark.parametrize("shape", [chain, ring, cascade, under_one_person])
def test_a_group_of_two_hundred_counts_each_once(shape):
    assert text(assess(graph(*shape(200))).years[0].sums["staff"].total) == "200"


def test_a_chain_of_two_hundred_consolidated_accounts_counts_the_first_alone():
    found = assess(graph(*consolidated(200)))
    assert [name for name, part in found.money.items() if part.percent] == ["alpha"]
