"""Points, thresholds, ties, calibration, the line; and the panel that confirms an order."""

import json
from datetime import timedelta
from fractions import Fraction

import pytest
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import services as people
from fabrica.conftest import make_person
from fabrica.people.models import Member, Person
from fabrica.people.states import Role
from fabrica.reviews import queries, rules, services
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.reviews.engine.criteria import criteria_data, criteria_from, criteria_row
from fabrica.reviews.engine.ranking import Scored, calibrate, cut, merge, points, rank
from fabrica.reviews.models import Evaluation
from fabrica.reviews.tests.factories import expert, large, large_call, panel_member, reviewed
from hypothesis import given
from hypothesis import strategies as st

CRITERIA = criteria_from(criteria_row("large-scale"))
SCORE = st.fixed_dictionaries({one.id: st.integers(one.low, one.high) for one in CRITERIA.each})


def scored(application, reviewer, *values):
    return Scored(application, reviewer, dict(zip((one.id for one in CRITERIA.each), values, strict=True)))


def test_weights_make_whole_points_of_full_scores():
    assert [points(scored("a", "r", *values).scores, CRITERIA) for values in ((5, 5, 5), (0, 0, 0), (5, 0, 0))] == [
        100, 0, 34,
    ]  # fmt: skip


def test_reviews_are_merged_with_their_spread_and_the_thresholds_that_are_missed():
    found = merge("a", [scored("a", "r", 5, 3, 2), scored("a", "s", 3, 3, 3)], CRITERIA)
    assert (found.points, found.spread, found.reviews) == (Fraction(127, 2), Fraction(7), 2)
    assert (found.means["excellence"], found.below) == (4, ("quality",))


def test_who_misses_a_threshold_comes_last_whatever_the_points():
    order = rank([
        merge("a", [scored("a", "r", 5, 5, 2)], CRITERIA), merge("b", [scored("b", "r", 3, 3, 3)], CRITERIA),
        merge("c", [scored("c", "r", 3, 3, 3)], CRITERIA),
    ])  # fmt: skip
    assert [(one.merged.application, one.position, one.is_tied) for one in order] == [
        ("b", 1, True), ("c", 2, True), ("a", 3, False),
    ]  # fmt: skip


@given(st.lists(st.lists(SCORE, min_size=1, max_size=4), min_size=1, max_size=8), st.randoms())
def test_an_order_does_not_depend_on_the_order_of_what_is_given(reviews, random):
    merged = [
        merge(f"a{at}", [Scored(f"a{at}", f"r{n}", one) for n, one in enumerate(each)], CRITERIA)
        for at, each in enumerate(reviews)
    ]
    mixed = list(merged)
    random.shuffle(mixed)
    assert rank(mixed) == rank(merged)
    ordered = [(bool(one.merged.below), -one.merged.points) for one in rank(merged)]
    assert ordered == sorted(ordered)
    assert all(0 <= one.points <= 100 for one in merged)


def test_a_strict_reviewer_is_measured_against_what_others_gave_the_same():
    given_ = [("a", "kind", 80), ("a", "strict", 60), ("b", "kind", 90), ("b", "strict", 50), ("c", "alone", 10)]
    found = calibrate([(Scored(code, who, {}), Fraction(value)) for code, who, value in given_])
    assert [(one.reviewer, one.reviews, one.mean, one.difference) for one in found] == [
        ("alone", 1, 10, None), ("kind", 2, 85, 30), ("strict", 2, 55, -30),
    ]  # fmt: skip


def test_the_line_is_drawn_at_the_first_that_does_not_fit():
    found = cut([("a", 40, True), ("b", 10, False), ("c", 60, True), ("d", 1, True)], 99)
    assert [(one.application, one.together, one.fits) for one in found] == [
        ("a", 40, True), ("b", 40, False), ("c", 100, False), ("d", 101, False),
    ]  # fmt: skip
    assert [one.fits for one in cut([("a", 40, True), ("c", 59, True)], 99)] == [True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": 50},
        {"threshold": 6},
        {"low": 5},
        {"weight": 0},
        {"id": "impact"},
        {"source": ""},
        {"confidence": "D"},
    ],
)
def test_criteria_that_make_no_sense_are_not_loaded(wrong):
    row = criteria_row("large-scale")
    first, *rest = row["criteria"]
    with pytest.raises(ValueError):
        criteria_from({**row, "criteria": [{**first, **wrong}, *rest]})


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"otherwise": "nothing"}, {}),
        ({"modes": {"large-scale": "nothing"}}, {}),
        ({"version": 7}, {}),
        ({"reviews": True}, {}),
        ({"review_working_days": 10_000}, {}),
        ({}, {"threshold": 2.5}),
        ({}, {"high": 10**9}),
        ({}, {"id": "so good"}),
        ({}, {"label": ""}),
    ],
)
def test_criteria_of_a_site_that_could_not_be_scored_by_are_refused(change, wrong, tmp_path):
    data = load("fabrica.reviews", "criteria.json")
    first, *rest = data["sets"]["general"]
    own = tmp_path / "criteria.json"
    own.write_text(json.dumps({**data, "sets": {"general": [{**first, **wrong}, *rest]}, **change}))
    with pytest.raises(Refused, match="Mend it as docs/operator/criteria.md says"):
        criteria_data(str(own))


@pytest.fixture
def wide(machine, now):
    return large_call(machine, now)


@pytest.fixture
def two(cast, wide, now):
    """Two applications that experts have reviewed: the second is better."""
    anna, bert = expert(cast, "anna", now), expert(cast, "bert", now)
    low, high = {"excellence": 3, "impact": 3, "quality": 3}, {"excellence": 5, "impact": 5, "quality": 4}
    worse = reviewed(cast, large(cast, wide, now), [anna, bert], now, [low, low])
    better = reviewed(cast, large(cast, wide, now, title="Better"), [anna, bert], now, [low, high])
    return better, worse


def codes(found):
    return [one.application.code for one in found]


def test_the_panel_sees_them_merged_best_first_and_who_scores_how(wide, two, now):
    found = queries.candidates_of(wide)
    assert [(one.code, one.position, one.merged.points) for one in found] == [
        (two[0].application.code, 1, Fraction(767, 10)), (two[1].application.code, 2, 60),
    ]  # fmt: skip
    measured = [(person.name, one.mean, one.difference) for person, one in queries.calibration_of(found)]
    assert sorted(measured) == [("Anna", 60, Fraction(-167, 10)), ("Bert", Fraction(767, 10), Fraction(167, 10))]


def test_the_panel_ranks_only_once_the_applicant_has_answered_or_had_the_time(cast, wide, two, now):
    panel = panel_member(now)
    with pytest.raises(Refused, match="each application that is ready"):
        services.rank(call=wide, order=codes(two), reasons={}, by=panel, now=now)
    services.reply(evaluation=two[0], text="Thank you.", by=cast.applicant, now=now)
    assert [one.is_ready(now) for one in queries.candidates_of(wide)] == [True, False]
    later = two[1].reply_until + timedelta(seconds=1)
    made = services.rank(call=wide, order=codes(two), reasons={}, by=panel, now=later)
    assert [(one.application.code, one.rank, one.points_milli) for one in made] == [
        (codes(two)[0], 1, 76_700), (codes(two)[1], 2, 60_000),
    ]  # fmt: skip
    assert set(Application.objects.values_list("state", flat=True)) == {State.RANKED}
    assert [one.code for one in queries.ranked_of(wide)] == codes(two)


def test_another_order_than_that_of_the_points_needs_a_reason_for_each_that_moved(wide, two, now):
    panel, later = panel_member(now), two[1].reply_until + timedelta(days=1)
    turned = codes(two)[::-1]
    with pytest.raises(Refused, match="needs a reason"):
        services.rank(call=wide, order=turned, reasons={turned[0]: "Balance of fields."}, by=panel, now=later)
    made = services.rank(call=wide, order=turned, reasons=dict.fromkeys(turned, "Balance."), by=panel, now=later)
    assert [(one.rank, one.rank_reason) for one in made] == [(1, "Balance."), (2, "Balance.")]


@pytest.mark.parametrize("order", [[], ["AIF-2026LS-9999"], "twice"])
def test_an_order_that_leaves_out_or_repeats_is_refused(wide, two, now, order):
    order = [codes(two)[0]] * 2 if order == "twice" else order
    with pytest.raises(Refused, match="each application that is ready"):
        services.rank(
            call=wide, order=order, reasons={}, by=panel_member(now), now=two[1].reply_until + timedelta(days=1)
        )
    assert not Evaluation.objects.exclude(rank=None).exists()


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "operator"])
def test_only_the_panel_ranks(cast, wide, two, now, who):
    with pytest.raises(NotAllowed, match="member of the panel"):
        services.rank(call=wide, order=codes(two), reasons={}, by=getattr(cast, who), now=now + timedelta(days=9))


def test_a_panel_member_who_reviewed_one_of_them_leaves_it_to_another(cast, wide, two, now):
    anna = Person.objects.get(email="anna@example.org")
    people.grant_role(person=anna, role=Role.PANEL, by=cast.operator, now=now)
    anna = Person.objects.get(pk=anna.pk)
    with pytest.raises(NotAllowed, match="conflict of interest"):
        services.rank(call=wide, order=codes(two), reasons={}, by=anna, now=now + timedelta(days=9))
    assert queries.reviews_for(anna, two[0].application) == []


@pytest.fixture
def without_panel(cast, wide, two, now):
    """The one member of the panel reviewed an application that is ready; a second officer is there. The time to rank."""
    anna = Person.objects.get(email="anna@example.org")
    people.grant_role(person=anna, role=Role.PANEL, by=cast.operator, now=now)
    make_person("oscar", now, Role.OFFICER)
    return now + timedelta(days=9)


def test_where_nobody_of_the_panel_may_an_officer_confirms_the_points_and_another_decides(
    cast, wide, two, now, without_panel
):
    by_points = [one.code for one in queries.candidates_of(wide)]
    with pytest.raises(Refused, match="needs a reason"):
        services.rank(call=wide, order=by_points[::-1], reasons={}, by=cast.officer, now=without_panel)
    reasons = dict.fromkeys(by_points, "I like it.")
    with pytest.raises(Refused, match="Only the panel departs from the points"):
        services.rank(call=wide, order=by_points[::-1], reasons=reasons, by=cast.officer, now=without_panel)
    made = services.rank(call=wide, order=by_points, reasons={}, by=cast.officer, now=without_panel)
    assert [one.rank for one in made] == [1, 2]
    application = made[0].application
    application.refresh_from_db()
    oscar = Person.objects.get(email="oscar@example.org")
    assert [rules.can_decide(who, application) for who in (cast.officer, oscar)] == [False, True]


def test_an_officer_with_a_part_does_not_stand_in(cast, wide, two, now, without_panel):
    organisation = two[0].application.organisation
    Member.objects.create(organisation=organisation, person=cast.officer, role="member", joined_at=now)
    with pytest.raises(NotAllowed, match="conflict of interest"):
        services.rank(
            call=wide, order=[one.code for one in queries.candidates_of(wide)], reasons={}, by=cast.officer,
            now=without_panel,
        )  # fmt: skip


def test_one_more_member_ends_the_officers_part(cast, wide, two, now, without_panel):
    assert queries.lacks_panel(queries.candidates_of(wide))
    panel_member(now)
    with pytest.raises(NotAllowed, match="Only a member of the panel"):
        services.rank(call=wide, order=codes(two), reasons={}, by=cast.officer, now=without_panel)


def test_the_panels_page_costs_the_same_however_many_there_are(cast, wide, two, now, django_assert_num_queries):
    with django_assert_num_queries(4):
        queries.candidates_of(wide)
    experts = [Person.objects.get(email=f"{name}@example.org") for name in ("anna", "bert")]
    reviewed(cast, large(cast, wide, now, title="Third"), experts, now)
    with django_assert_num_queries(4):
        assert len(queries.candidates_of(wide)) == 3
