"""Assigning reviewers: cases read against their rules, and properties against every possible assignment."""

import json
from itertools import chain, combinations, product

import pytest
from fabrica.kit.errors import Refused
from fabrica.reviews.engine import as_dict, assign, read
from hypothesis import given, settings
from hypothesis import strategies as st


def expert(name, organisation="o1", fields=("ai",), limit=3, **more):
    return {
        "id": name,
        "organisation": organisation,
        "fields": list(fields),
        "languages": ["en"],
        "limit": limit,
        **more,
    }


def application(name, fields=("ai",), reviews=1, organisation="applicant", **more):
    return {
        "id": name,
        "organisation": organisation,
        "fields": list(fields),
        "language": "en",
        "reviews": reviews,
        **more,
    }


def told(experts, applications, **more):
    head = {"format": "fabrica-reviewers/1", "experts": experts, "applications": applications}
    return as_dict(assign(read(json.dumps({**head, **more}))))


def who(answer):
    return [(one["application"], one["expert"]) for one in answer["pairs"]]


def test_a_rare_field_is_worth_more_and_each_pair_tells_its_parts():
    experts = [expert("common"), expert("rare", fields=["ai", "plasma"]), expert("other")]
    answer = told(experts, [application("a", ["ai", "plasma"])])
    assert answer["pairs"] == [
        {"application": "a", "expert": "rare", "points": 133, "fields": {"ai": 33, "plasma": 100},
         "language": "en", "kept": False},
    ]  # fmt: skip


def test_two_organisations_come_before_affinity():
    experts = [expert("a", fields=["ai", "x"]), expert("b", fields=["ai", "x"]), expert("c", "o2")]
    answer = told(experts, [application("p", ["ai", "x"], 2)])
    assert (len(who(answer)), ("p", "c") in who(answer), answer["one_organisation"]) == (2, True, [])
    assert told(experts[:2], [application("p", reviews=2)])["one_organisation"] == ["p"]


def test_equal_experts_share_the_work():
    answer = told([expert("a"), expert("b", "o2")], [application(f"p{at}") for at in range(4)])
    assert answer["load"] == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("experts", "more", "binds", "helps"),
    [
        ([expert("a", fields=["law"])], {}, "field", "Invite an expert of its field."),
        ([expert("a", languages=["fr"])], {}, "language", "Invite an expert who reads its language."),
        ([expert("a", "applicant")], {}, "conflict", "Invite an expert of another organisation."),
        ([expert("a")], {"linked_organisations": [{"one": "applicant", "other": "o1"}]}, "conflict",
         "Invite an expert of another organisation."),
        ([expert("a")], {"conflicts": [{"expert": "a", "application": "p"}]}, "conflict",
         "Invite an expert of another organisation."),
        ([expert("a", orcid="0-1")], {}, "conflict", "Invite an expert of another organisation."),
        ([expert("a", coauthors=["0-1"])], {}, "conflict", "Invite an expert of another organisation."),
        ([expert("a")], {"blocked": [{"expert": "a", "application": "p"}]}, "blocked",
         "Lift a block, or invite another expert."),
        ([expert("a", limit=0)], {}, "limit", "One review more by any of these: a."),
    ],
)  # fmt: skip
def test_what_is_not_filled_tells_what_binds_and_what_would_help(experts, more, binds, helps):
    answer = told(experts, [application("p", people=["0-1"])], **more)
    assert (answer["pairs"], answer["is_filled"]) == ([], False)
    assert [(one["missing"], one["binds"], one["helps"]) for one in answer["unfilled"]] == [(1, binds, helps)]


def test_what_is_assigned_stays_even_where_another_matches_better():
    experts = [expert("a", fields=["ai", "x"]), expert("b")]
    answer = told(experts, [application("p", ["ai", "x"])], assigned=[{"expert": "b", "application": "p"}])
    assert [(one["expert"], one["kept"]) for one in answer["pairs"]] == [("b", True)]


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (expert("a", "applicant"), "What is assigned already cannot stay: a reviews p."),
        (expert("a", limit=0), "What is assigned already cannot stay: a has 1 reviews."),
    ],
)
def test_what_is_assigned_against_a_rule_is_refused(one, what):
    with pytest.raises(Refused) as refused:
        told([one], [application("p")], assigned=[{"expert": "a", "application": "p"}])
    assert refused.value.what == what


names = st.lists(st.sampled_from(["f", "g", "h"]), min_size=1, max_size=2, unique=True)


@st.composite
def cases(draw):
    organisations = st.sampled_from(["o1", "o2", "o3"])
    experts = [
        expert(f"e{at}", draw(organisations), draw(names), draw(st.integers(0, 2)))
        for at in range(draw(st.integers(1, 4)))
    ]
    applications = [
        application(f"p{at}", draw(names), draw(st.integers(1, 2)), draw(organisations))
        for at in range(draw(st.integers(1, 3)))
    ]
    pair = st.builds(
        lambda e, p: {"expert": e["id"], "application": p["id"]},
        st.sampled_from(experts),
        st.sampled_from(applications),
    )
    head = {"format": "fabrica-reviewers/1", "experts": experts, "applications": applications}
    return {**head, "conflicts": draw(st.lists(pair, max_size=3)), "blocked": draw(st.lists(pair, max_size=2))}


def is_open(case, one, other):
    pair = {"expert": one["id"], "application": other["id"]}
    apart = one["organisation"] != other["organisation"] and pair not in case["conflicts"] + case["blocked"]
    return apart and bool(set(one["fields"]) & set(other["fields"]))


def most_filled(case):
    """How many reviews can be had at most, and how few applications then hear one organisation only: every way tried."""
    of = {one["id"]: one for one in case["experts"]}
    ways = []
    for other in case["applications"]:
        free = [one["id"] for one in case["experts"] if is_open(case, one, other)]
        ways.append(list(chain.from_iterable(combinations(free, size) for size in range(other["reviews"] + 1))))
    best = (-1, 0)
    for way in product(*ways):
        load = [name for group in way for name in group]
        if all(load.count(name) <= one["limit"] for name, one in of.items()):
            alone = sum(len(group) == 2 and len({of[name]["organisation"] for name in group}) == 1 for group in way)
            best = max(best, (len(load), -alone))
    return best


@settings(max_examples=120, deadline=None)
@given(cases())
def test_as_much_as_can_be_is_filled_by_nobody_in_conflict_or_beyond_the_limit(case):
    answer = as_dict(assign(read(json.dumps(case))))
    experts, applications = ({one["id"]: one for one in case[key]} for key in ("experts", "applications"))
    assert all(is_open(case, experts[e], applications[p]) for p, e in who(answer))
    assert all(answer["load"][name] <= one["limit"] for name, one in experts.items())
    assert len(set(who(answer))) == len(who(answer))
    assert (len(who(answer)), -len(answer["one_organisation"])) == most_filled(case)


@settings(max_examples=40, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(case, random):
    before = as_dict(assign(read(json.dumps(case))))
    for key in ("experts", "applications", "conflicts", "blocked"):
        random.shuffle(case[key])
    assert as_dict(assign(read(json.dumps(case)))) == before


def test_the_solver_is_asked_three_times_however_many_there_are():
    for size in (4, 40):
        experts = [expert(f"e{at}", f"o{at % 3}", limit=9) for at in range(size)]
        case = {"experts": experts, "applications": [application(f"p{at}", reviews=2) for at in range(size)]}
        assert assign(read(json.dumps({"format": "fabrica-reviewers/1", **case}))).calls == 3
