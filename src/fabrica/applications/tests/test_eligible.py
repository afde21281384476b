"""The rules of a mode against what is known of an application, at their boundaries; then on the pages."""

from datetime import date
from fractions import Fraction

import pytest
from fabrica.applications import services
from fabrica.applications.engine.eligible import Known, contract, needed_until, profile_of, todo
from fabrica.applications.queries.eligibility import eligibility_of
from fabrica.applications.tests.factories import COMPLETE
from fabrica.calls.engine import terms
from fabrica.calls.engine.routing import weigh

MODES = {one.key: one for one in terms()}
FIRM = {
    "kind": "sme", "country": "FR", "is_sme": True, "has_personal_data": False, "gpu_seconds": 5_000 * 3600,
    "months": 3, "parameters_millions": 7, "gpus_per_node": None, "trust_answers": {"civilian": "yes"},
    "extra_answers": {"aim": "innovation", "experience": False},
}  # fmt: skip


def weighed(mode="playground", **changes):
    """Each rule of a mode with its answer, and what is to be done about it."""
    profile = profile_of(Known(**{**FIRM, **changes}))
    return {one.rule: (one.holds, todo(one, profile)) for one in weigh(profile, MODES[mode])}


def test_a_small_firm_with_every_answer_meets_every_rule_of_playground():
    assert {rule: told for rule, told in weighed().items() if told != (True, "")} == {}


@pytest.mark.parametrize(
    ("kind", "company", "science"),
    [
        ("startup", True, False), ("sme", True, False), ("large", True, False), ("research", False, True),
        ("public", False, True),
    ],
)  # fmt: skip
def test_each_kind_of_organisation_is_for_the_modes_of_its_own(kind, company, science):
    answers = {"aim": "innovation", "frame": "none"}
    assert weighed(kind=kind)["company"][0] is company
    assert weighed("ai-for-science", kind=kind, extra_answers=answers)["science-or-eu-project"][0] is science


@pytest.mark.parametrize(
    ("kind", "declared", "holds"),
    [
        ("sme", True, True), ("sme", False, False), ("sme", None, None), ("startup", None, None),
        ("large", None, False), ("large", True, True), ("public", None, None),
    ],
)  # fmt: skip
def test_a_size_that_nobody_signed_is_open_unless_the_firm_calls_itself_large(kind, declared, holds):
    told = weighed(kind=kind, is_sme=declared)["free-for-smes"]
    assert told[0] is holds
    assert bool(told[1]) == (holds is False or (holds is None and kind != "public"))


@pytest.mark.parametrize(
    ("country", "holds"),
    [("FR", True), ("CH", True), ("NO", True), ("UA", True), ("RE", True), ("KR", None), ("LI", None), ("US", False),
     ("RU", False)],
)  # fmt: skip
def test_a_country_is_weighed_by_the_list_with_its_sources(country, holds):
    assert weighed(country=country)["country"][0] is holds


@pytest.mark.parametrize(
    ("mode", "seconds", "rule", "holds"),
    [
        ("playground", 5_000 * 3600, "package", True), ("playground", 5_000 * 3600 + 1, "package", False),
        ("large-scale", 50_000 * 3600, "size_above", False), ("large-scale", 50_000 * 3600 + 1, "size_above", True),
        ("benchmark", 4 * 200 * 3600 - 1, "size_at_least", False), ("benchmark", 4 * 200 * 3600, "size_at_least", True),
    ],
)  # fmt: skip
def test_hours_are_weighed_to_the_second(mode, seconds, rule, holds):
    assert weighed(mode, gpu_seconds=seconds, gpus_per_node=Fraction(4))[rule][0] is holds


def test_what_the_application_does_not_say_stays_open_and_a_strange_answer_counts_for_nothing():
    asked = {"aim": "gold", "experience": "often", "frame": ["none"], "hours": "7", "innovation": "New."}
    told = weighed(trust_answers={"civilian": "unsure"}, gpu_seconds=None, months=None, extra_answers=asked)
    open_ = {rule for rule, (holds, _todo) in told.items() if holds is None}
    assert open_ == {"civilian", "not-a-service", "newcomer", "package", "months"}


@pytest.mark.parametrize(
    ("named", "holds"),
    [("2027-05-30", True), ("2027-05-29", False), ("2099-01-01", True), ("soon", None), (None, None)],
)
def test_the_contract_lasts_three_months_beyond_the_award(named, holds):
    assert contract({"pi_contract_until": named}, needed_until(date(2026, 11, 30), 3)) is holds


@pytest.fixture
def hospital(cast, call, now):
    """A public body asks for Playground, which is for companies, and nobody keeps it from submitting."""
    made = services.start(call=call, organisation=cast.hospital, by=cast.provider, now=now)
    return services.save_draft(application=made, values=COMPLETE, by=cast.provider, now=now)


COMPANY = "For companies. Universities, research organisations and public bodies go to AI for Science and EU projects."


def test_a_broken_rule_warns_its_applicant_with_what_to_do_and_does_not_refuse(browser_of, api, hospital):
    page = browser_of("provider").get(f"/applications/{hospital.code}/check/").text
    warned = page.partition('id="eligibility"')[2].partition("</section>")[0]
    assert warned.count("What you can do:") == 1
    assert COMPANY in warned.partition("What you can do:")[0]
    assert "1 rule of this mode is not met" in warned
    french = browser_of("provider", "fr").get(f"/applications/{hospital.code}/check/").text
    assert "Une règle de ce mode n’est pas remplie" in french
    assert api("provider", "post", f"/applications/{hospital.code}/submit")[1]["state"] == "submitted"


def test_the_officer_sees_the_same_list_above_the_form_and_a_stranger_none(browser_of, api, cast, hospital, now):
    services.submit(application=hospital, by=cast.provider, now=now)
    page = browser_of("officer").get(f"/desk/{hospital.code}/").text
    form = page.partition('id="decide"')[2]
    assert form.index(COMPANY) < form.index("Screen it")
    assert "Confidence B" in form.partition("Screen it")[0]
    told = {
        one["rule"]: one["holds"] for one in api("officer", "get", f"/applications/{hospital.code}")[1]["eligibility"]
    }
    assert {rule for rule, holds in told.items() if holds is False} == {"company"}
    assert {rule for rule, holds in told.items() if holds is None} == {
        "free-for-smes", "not-a-service", "newcomer", "pi-contract",
    }  # fmt: skip
    assert api("outsider", "get", f"/applications/{hospital.code}")[0] == 404


def test_the_contract_of_the_principal_investigator_is_weighed_where_the_form_asks(cast, large, now):
    told = {}
    for day in ("2027-09-01", "2027-07-01"):
        large = services.save_draft(
            application=large, values={"extra_answers": {"pi_contract_until": day}}, by=cast.applicant, now=now
        )
        found = eligibility_of(large, None, now)
        told[day] = [one.holds for one in found.lines if one.told["rule"] == "pi-contract"]
    assert told == {"2027-09-01": [True], "2027-07-01": [False]}


@pytest.mark.parametrize(("typed", "known"), [("70", 70), ("9" * 5_000, None), ("many", None)])
def test_what_a_field_for_text_says_of_a_number_counts_where_it_can_be_one(typed, known):
    profile = profile_of(Known(**{**FIRM, "extra_answers": {**FIRM["extra_answers"], "inference_percent": typed}}))
    assert profile.inference_percent == known
