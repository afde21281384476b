"""Where two rules meet."""

import pytest
from fabrica.kit.facts import load
from fabrica.people.engine.sme import assess, rules_from
from fabrica.people.engine.sme.exact import text

from .sme_graphs import enterprise, graph, link

STATE = {"id": "state", "name": "State", "kind": "public_body"}
IDA = {"id": "ida", "name": "Ida", "kind": "person"}


def relations(found):
    return {name: one.relation for name, one in found.places.items()}


def percents(found):
    return {name: text(part.percent) for name, part in found.money.items()}


def test_half_of_the_votes_held_jointly_is_no_majority():
    nodes = [enterprise("alpha"), enterprise("beta"), enterprise("gamma")]
    links = [link("beta", "gamma", "100"), link("beta", "alpha", "25"), link("gamma", "alpha", "25")]
    assert percents(assess(graph(nodes, links))) == {"alpha": "100", "beta": "50", "gamma": "50"}


def test_a_stake_that_makes_a_partner_counts_before_a_greater_one_that_is_exempt():
    nodes = [enterprise("alpha"), enterprise("beta"), enterprise("fund", kind="venture_capital"), enterprise("gamma")]
    links = [
        link("alpha", "beta", "60", "100"),
        link("fund", "beta", "40", "0"),
        link("gamma", "alpha", "30"),
        link("fund", "gamma", "100"),
    ]
    found = assess(graph(nodes, links))
    assert relations(found) == {"alpha": "applicant", "beta": "linked", "fund": "linked_to_partner", "gamma": "partner"}
    assert percents(found) == {"alpha": "100", "beta": "100", "fund": "30", "gamma": "30"}


def test_a_parent_in_public_control_leaves_no_doubt():
    nodes = [enterprise("alpha"), enterprise("parent"), STATE]
    found = assess(graph(nodes, [link("state", "parent", "100"), link("parent", "alpha", "100")]))
    assert (found.category, found.open) == ("not_sme", ())


@pytest.mark.parametrize(("named", "asks"), [("50", []), ("49.99", ["owners"])])
def test_a_partners_unnamed_owners_matter_once_they_could_have_a_majority(named, asks):
    nodes = [enterprise("alpha"), enterprise("beta", dispersed=False), IDA]
    found = assess(graph(nodes, [link("beta", "alpha", "30"), link("ida", "beta", named)]))
    assert [one.code for one in found.open] == asks


def test_what_a_wholly_consolidated_partner_contains_is_in_the_sum_already():
    nodes = [
        enterprise("alpha", consolidates=["beta"]),
        enterprise("beta", consolidates=[{"id": "gamma", "percent": "40"}]),
        enterprise("gamma"),
    ]
    found = assess(graph(nodes, [link("alpha", "beta", "40"), link("beta", "gamma", "100")]))
    assert percents(found) == {"alpha": "100", "beta": "0", "gamma": "0"}


def test_nothing_is_subtracted_where_accounts_contain_more_than_counts():
    nodes = [enterprise("alpha", consolidates=[{"id": "beta", "percent": "50"}]), enterprise("beta", "5", "7", "9")]
    found = assess(graph(nodes, [link("alpha", "beta", "40")]))
    assert (percents(found), text(found.years[0].sums["turnover"].total)) == ({"alpha": "100", "beta": "0"}, "1")


@pytest.mark.parametrize(
    ("managing", "relation"),
    [({}, "linked"), ({"in_management": True}, "linked"), ({"in_management": False}, "exempt")],
)
def test_only_an_investor_that_says_it_stays_outside_is_presumed_without_influence(managing, relation):
    nodes = [enterprise("alpha"), enterprise("fund", kind="venture_capital")]
    found = assess(graph(nodes, [link("fund", "alpha", "30", control=["influence"], **managing)]))
    assert found.places["fund"].relation == relation


def test_an_enterprise_has_no_such_presumption():
    found = assess(
        graph(
            [enterprise("alpha"), enterprise("beta")],
            [link("beta", "alpha", "30", control=["influence"], in_management=False)],
        )
    )
    assert found.places["beta"].relation == "linked"


def test_persons_who_act_jointly_are_asked_about_once():
    jan = {"id": "jan", "name": "Jan", "kind": "person"}
    links = [link("ida", "alpha", "100"), link("ida", "beta", "100")]
    found = assess(graph([enterprise("alpha"), enterprise("beta"), IDA, jan], links, jointly=[["ida", "jan"]]))
    assert [(one.code, one.about) for one in found.open] == [("markets", ("alpha", "beta"))]


def test_markets_of_enterprises_that_are_linked_anyway_are_not_asked():
    nodes = [enterprise("alpha"), enterprise("beta"), IDA]
    found = assess(graph(nodes, [link("ida", "alpha", "100"), link("alpha", "beta", "100")]))
    assert (found.open, found.type) == ((), "linked")


def test_holders_below_the_limit_are_asked_for_their_markets_as_they_may_reach_it_together():
    nodes = [enterprise("alpha"), enterprise("beta"), enterprise("gamma"), IDA]
    links = [
        link("beta", "alpha", "15"),
        link("gamma", "alpha", "10"),
        link("ida", "beta", "60"),
        link("ida", "gamma", "60"),
    ]
    assert [one.about for one in assess(graph(nodes, links)).open] == [("beta", "gamma")]
    both = [{**one, "markets": ["m"]} if one["id"] in ("beta", "gamma") else one for one in nodes]
    assert percents(assess(graph(both, links))) == {"alpha": "100", "beta": "25", "gamma": "25"}


def test_a_question_about_an_amount_is_open_while_owners_are():
    rule = load("fabrica.people", "sme.json")
    rule["predicates"][0]["all"] = [{"fact": "staff", "below": "3"}]
    answers = [
        assess(graph([enterprise("alpha", staff, dispersed=named)]), rules_from(rule)).predicates["start_up"]
        for staff, named in (("2", True), ("2", False), ("3", False))
    ]
    assert answers == [True, None, False]


def test_unnamed_owners_leave_open_whether_it_is_a_small_mid_cap():
    found = assess(graph([enterprise("alpha", "300", dispersed=False)]))
    assert (found.category, found.predicates["small_mid_cap"]) == ("not_sme", None)


@pytest.mark.parametrize(
    ("founded_on", "category"), [("2024-12-31", "micro"), ("2025-01-01", "micro"), ("2023-12-31", "undecided")]
)
def test_the_first_accounts_give_the_first_status(founded_on, category):
    alpha = enterprise("alpha", "20", founded_on=founded_on)
    alpha["years"].append({"year": 2024, "staff": "5", "turnover": "1", "balance": "1"})
    assert assess(graph([alpha], category_before="")).category == category


def test_an_owner_of_a_quarter_who_is_a_person_is_no_partner():
    assert assess(graph([enterprise("alpha"), IDA], [link("ida", "alpha", "30")])).type == "autonomous"


def test_a_listed_enterprise_has_no_exempt_business_angels():
    angel = enterprise("anna", kind="business_angel")
    links = [link("anna", "alpha", "30", invested="1")]
    kinds = [
        assess(graph([enterprise("alpha", listed=one), angel], links)).places["anna"].relation for one in (False, True)
    ]
    assert kinds == ["exempt", "partner"]


def test_a_business_angel_who_controls_two_enterprises_links_them_whatever_their_markets():
    nodes = [enterprise("alpha", listed=False, markets=["a"]), enterprise("beta", listed=False, markets=["b"])]
    links = [link("anna", one, "60", invested="1") for one in ("alpha", "beta")]
    found = assess(graph([*nodes, enterprise("anna", kind="business_angel")], links))
    assert relations(found) == {"alpha": "applicant", "anna": "linked", "beta": "linked"}


def test_the_state_is_no_enterprise_that_links_others():
    nodes = [enterprise("alpha"), enterprise("beta"), STATE]
    found = assess(graph(nodes, [link("state", "alpha", "60"), link("state", "beta", "60")]))
    assert (relations(found)["beta"], found.category) == ("unrelated", "not_sme")


def test_a_majority_of_ones_own_is_no_joint_one():
    nodes = [enterprise(one) for one in ("alpha", "beta", "gamma")]
    links = [link("alpha", "beta", "100"), link("beta", "gamma", "60"), link("alpha", "gamma", "30")]
    found = assess(graph(nodes, links))
    assert [(step.first, step.why) for step in found.places["gamma"].before] == [("alpha", "votes"), ("beta", "votes")]


@pytest.mark.parametrize(("staff", "category"), [("300", "undecided"), ("1", "small")])
def test_an_acquisition_leaves_the_status_open_only_where_it_made_the_enterprise_larger(staff, category):
    alpha = enterprise("alpha", staff)
    alpha["years"].append({"year": 2024, "staff": "20", "turnover": "1", "balance": "1"})
    assert assess(graph([alpha], category_before="small", owner_changed=True)).category == category
