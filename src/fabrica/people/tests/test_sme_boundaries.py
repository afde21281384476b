"""Every ceiling and share, one step below, at it and one step above."""

import pytest
from fabrica.people.engine.sme import as_dict, assess, read

from .sme_graphs import enterprise, graph, link


def category_of(staff, turnover, balance):
    return assess(graph([enterprise("alpha", staff, turnover, balance)])).category


@pytest.mark.parametrize(
    ("staff", "category"),
    [
        ("9.9999", "micro"), ("10", "small"), ("49.9999", "small"), ("50", "medium"), ("249", "medium"),
        ("249.9999", "medium"), ("250", "not_sme"), ("250.0001", "not_sme"), ("0", "micro"),
    ],
)  # fmt: skip
def test_staff_must_be_below_the_ceiling(staff, category):
    assert category_of(staff, "0", "0") == category


@pytest.mark.parametrize(
    ("turnover", "category"),
    [
        ("2000000.00", "micro"), ("2000000.01", "small"), ("10000000.00", "small"), ("10000000.01", "medium"),
        ("50000000.00", "medium"), ("50000000.01", "not_sme"), ("50010000", "not_sme"),
    ],
)  # fmt: skip
def test_turnover_may_reach_the_ceiling(turnover, category):
    assert category_of("1", turnover, "43000000.01") == category


@pytest.mark.parametrize(
    ("balance", "category"),
    [
        ("2000000.00", "micro"), ("2000000.01", "small"), ("10000000.00", "small"), ("10000000.01", "medium"),
        ("43000000.00", "medium"), ("43000000.01", "not_sme"), ("43010000", "not_sme"),
    ],
)  # fmt: skip
def test_the_balance_sheet_total_may_reach_the_ceiling(balance, category):
    assert category_of("1", "50000000.01", balance) == category


def relation(capital, votes, kind="enterprise"):
    holder = enterprise("beta", "1", "1", "1", kind=kind)
    found = assess(graph([enterprise("alpha"), holder], [link("beta", "alpha", capital, votes)]))
    return found.places["beta"].relation


@pytest.mark.parametrize(
    ("capital", "votes", "expected"),
    [
        ("24.99", "24.999999", "below"), ("25", "0", "partner"), ("0", "25", "partner"), ("50", "50", "partner"),
        ("50.01", "50", "partner"), ("0", "50.000001", "linked"), ("0", "50.01", "linked"),
    ],
)  # fmt: skip
def test_shares_rank_an_enterprise_exactly(capital, votes, expected):
    assert relation(capital, votes) == expected


@pytest.mark.parametrize("kind", ["venture_capital", "university", "institutional_investor", "regional_fund"])
def test_an_investor_is_exempt_from_25_percent_to_half_of_the_votes(kind):
    shares = ["24.99", "25", "50", "50.01"]
    assert [relation(one, one, kind) for one in shares] == ["below", "exempt", "exempt", "linked"]


@pytest.mark.parametrize(("share", "category"), [("24.999999", "micro"), ("25", "not_sme")])
def test_public_control_begins_at_25_percent(share, category):
    state = {"id": "state", "name": "State", "kind": "public_body"}
    assert assess(graph([enterprise("alpha"), state], [link("state", "alpha", share)])).category == category


def test_public_investors_of_article_3_2_are_no_public_control_until_they_are_linked():
    def category(share):
        fund = enterprise("fund", "1", "1", "1", kind="regional_fund", public=True)
        return assess(graph([enterprise("alpha"), fund], [link("fund", "alpha", share)])).category

    assert [category("50"), category("50.01")] == ["micro", "not_sme"]


@pytest.mark.parametrize(
    ("budget", "inhabitants", "relation"),
    [("9999999.99", 4999, "exempt"), ("10000000", 4999, "local_authority"), ("9999999.99", 5000, "local_authority")],
)
def test_a_local_authority_is_small_below_both_limits(budget, inhabitants, relation):
    town = {"id": "town", "name": "Town", "kind": "local_authority", "budget": budget, "inhabitants": inhabitants}
    found = assess(graph([enterprise("alpha"), town], [link("town", "alpha", "30")]))
    assert (found.places["town"].relation, found.category) == (
        relation,
        "micro" if relation == "exempt" else "not_sme",
    )


@pytest.mark.parametrize(
    ("as_of", "founded_on", "holds"),
    [
        ("2026-11-26", "2021-11-26", True), ("2026-11-27", "2021-11-26", False), ("2025-02-28", "2020-02-29", True),
        ("2025-03-01", "2020-02-29", False),
    ],
)  # fmt: skip
def test_a_start_up_is_at_most_five_years_old_to_the_day(as_of, founded_on, holds):
    found = assess(graph([enterprise("alpha", founded_on=founded_on, listed=False)], as_of=as_of))
    assert found.predicates["start_up"] is holds


@pytest.mark.parametrize(
    ("staff", "turnover", "balance", "holds"),
    [
        ("749.9999", "150000000", "999999999", True), ("750", "0", "0", False),
        ("749", "150000000.01", "129000000", True), ("749", "150000000.01", "129000000.01", False),
        ("249", "50000000", "0", False),
    ],
)  # fmt: skip
def test_a_small_mid_cap_is_above_an_sme_and_within_its_own_ceilings(staff, turnover, balance, holds):
    assert assess(graph([enterprise("alpha", staff, turnover, balance)])).predicates["small_mid_cap"] is holds


def test_amounts_are_never_rounded():
    parts = [enterprise(f"p{number}", "0.0001", "0.01", "0.01") for number in range(3)]
    links = [link(one["id"], "alpha", "33.333333") for one in parts]
    found = as_dict(assess(graph([enterprise("alpha", "9", "2000000", "9999999.99"), *parts], links)))
    assert [found["years"][0][key] for key in ("staff", "turnover", "balance")] == [
        "9.000099999999",
        "2000000.0099999999",
        "9999999.9999999999",
    ]
    assert found["category"] == "small"


def test_a_file_with_json_numbers_is_as_exact_as_one_with_text():
    text = '{"format":"fabrica-sme/1","as_of":"2026-11-26","applicant":"a","category_before":"none","enterprises":[%s]}'
    node = (
        '{"id":"a","name":"A","dispersed":true,"years":[{"year":2025,"staff":1,"turnover":2000000.01,"balance":2e9}]}'
    )
    assert assess(read(text % node)).category == "small"
