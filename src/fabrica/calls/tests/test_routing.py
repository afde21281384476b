"""What holds for every profile, and what the data file may not say."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fabrica.calls.engine import gathered, rows, saying, terms, terms_from
from fabrica.calls.engine.conditions import check, holds
from fabrica.calls.engine.profile import CHOICES, FLAGS, FORMAT, MOST, Profile, profile_from, read
from fabrica.calls.engine.reasons import Verdict
from fabrica.calls.engine.routing import opening, route
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ANSWERS = {
    **{key: st.sampled_from(values or ("FR", "US")) for key, values in CHOICES.items()},
    **{key: st.booleans() for key in FLAGS},
    **{key: st.integers(1, most) for key, most in MOST.items()},
}
PROFILES = st.fixed_dictionaries({}, optional=ANSWERS).map(profile_from)


@given(profile=PROFILES, key=st.sampled_from(sorted(ANSWERS)))
def test_an_answer_less_never_turns_a_yes_or_an_open_verdict_into_a_no(profile, key):
    less = Profile(**{name: value for name, value in profile.said().items() if name != key})
    before = {one.terms.key: one.verdict for one in route(profile, NOW, terms()).routes}
    after = {one.terms.key: one.verdict for one in route(less, NOW, terms()).routes}
    no = Verdict.DOES_NOT_FIT
    assert [mode for mode in before if after[mode] is no and before[mode] is not no] == []


@given(profile=PROFILES)
def test_every_reason_is_told_in_words_with_its_source_and_a_no_has_one(profile):
    for one in route(profile, NOW, terms()).routes:
        assert all(saying.reason(reason) and reason.source.text for reason in one.reasons)
        broken = [reason for reason in one.reasons if reason.holds is False and reason.decides]
        assert bool(broken) == (one.verdict is Verdict.DOES_NOT_FIT)
        assert not (one.prepare and broken)


@given(profile=PROFILES)
def test_what_is_asked_was_not_said(profile):
    found = route(profile, NOW, terms())
    assert not set(found.asks) & set(profile.said())


def test_an_uncertain_rule_never_decides():
    unsure = [rule for mode in terms() for rule in mode.rules if rule.source.confidence not in ("A", "B")]
    assert {rule.id for rule in unsure} == {"to-measure", "to-develop"}
    found = route(Profile(aim="research"), NOW, terms())
    assert {one.terms.key: one.verdict for one in found.routes}["benchmark"] is Verdict.MAY_FIT


def test_cut_offs_are_read_from_the_list_and_never_computed():
    large = next(one for one in terms() if one.key == "large-scale")
    days, on = [], datetime(2026, 1, 1, tzinfo=UTC)
    while (found := opening(large, on)).at:
        days.append(found.day.isoformat())
        on = found.at + timedelta(seconds=1)
    assert days == large.value("opening")["dates"]
    assert sum(day.startswith("2026-05") for day in days) == 1


def test_the_nine_modes_are_there_each_figure_with_source_day_and_confidence():
    assert [one.title for one in terms()] == [
        "Playground", "Fast Lane", "Large Scale", "AI for Science and EU projects", "Benchmark", "Development",
        "Regular", "Extreme Scale", "Commercial pay-per-use",
    ]  # fmt: skip
    needed = {"unit", "months", "renewals", "systems", "opening", "steps", "clock", "price", "pool", "extension"}
    assert [one.key for one in terms() if needed - set(one.figures)] == []
    assert {figure.source.confidence for one in terms() for figure in one.figures.values()} == {
        "A",
        "B",
        "C",
        "unknown",
    }


def test_modes_in_gpu_hours_keep_the_keys_that_calls_work_with():
    flat = ("gpu_hours_min", "gpu_hours_max", "months", "access_working_days", "counts_from", "opening")
    assert {key: [row[name] for name in flat] for key, row in rows().items() if "gpu_hours_max" in row} == {
        "playground": [0, 5000, [1, 2, 3], 2, "submission", "first_come"],
        "fast-lane": [0, 50000, [1, 2, 3], 4, "submission", "first_come"],
        "large-scale": [50000, 2400000, [3, 6, 12], 10, "cut_off", "cut_offs"],
    }


def test_a_row_of_before_has_no_rules_and_no_figures():
    kept = ("key", "code", "title", "for_whom", "gpu_hours_max", "source", "checked_on", "confidence")
    old = terms_from({key: rows()["playground"][key] for key in kept})
    assert (old.rules, dict(old.figures), old.prepare) == ((), {}, ())


@pytest.mark.parametrize(
    "change",
    [
        {"id": "months", "value": [3, 1]},
        {"id": "months", "value": []},
        {"id": "months", "value": None},
        {"id": "unit", "value": "core_hour"},
        {"id": "package", "value": 0},
        {"id": "opening", "value": {"how": "cut_offs", "time": "10:00", "zone": "Europe/Brussels", "dates": []}},
        {"id": "opening", "value": {"how": "cut_offs", "time": "25:00", "zone": "Europe/Brussels", "dates": ["2026-01-01"]}},
        {"id": "opening", "value": {"how": "cut_offs", "time": "10:00", "zone": "Brussels", "dates": ["2026-01-01"]}},
        {"id": "clock", "value": {"at_most": 2, "unit": "day", "from": "submission"}},
        {"id": "pool", "value": {"name": "union_aif_industrial", "percent_at_most": 101}},
        {"id": "colour", "value": "blue"},
        {"confidence": "unknown"},
        {"source": ""},
    ],
)  # fmt: skip
def test_a_figure_that_makes_no_sense_is_refused_on_load(change):
    row = rows()["playground"]
    months = next(one for one in row["facts"] if one["id"] == "months")
    with pytest.raises(ValueError):
        terms_from({**row, "facts": [{**months, **change}]})


@pytest.mark.parametrize(
    "condition",
    [
        {}, {"fact": "colour", "is": True}, {"fact": "sme", "is": 1}, {"fact": "sme", "one_of": ["x"]}, {"any": []},
        {"fact": "aim", "one_of": ["gold"]}, {"fact": "aim", "one_of": []}, {"fact": "hours", "is": True},
        {"fact": "country", "one_of": ["FR"], "otherwise": True}, {"all": [{"fact": "sme", "is": True}], "fact": "ai"},
    ],
)  # fmt: skip
def test_a_condition_that_nothing_can_answer_is_refused_on_load(condition):
    with pytest.raises(ValueError):
        check(condition)


def test_conditions_know_three_answers():
    yes, no, open_ = ({"fact": one, "is": True} for one in ("sme", "ai", "civilian"))
    profile = Profile(sme=True, ai=False)
    told = [
        holds({how: pair}, profile) for how in ("all", "any") for pair in ([yes, no], [yes, open_], [no, open_], [yes])
    ]
    assert told == [False, None, False, True, True, True, None, True]


def test_the_data_names_only_sources_and_rules_that_it_has():
    loaded = load("fabrica.calls", "modes.json")
    told = json.dumps({key: value for key, value in loaded.items() if key != "sources"})
    assert [name for name in loaded["sources"] if f'"{name}"' not in told] == []
    with pytest.raises(KeyError):
        gathered({**loaded, "everywhere": ["nothing"]})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "The file is no JSON document."),
        ("[]", "format cannot be used."),
        ("[" * 20_000, "The file is no JSON document."),
        (" " * 20_001, "The file is too large."),
        ('{"format": "fabrica-profile/1", "sme": true, "sme": false}', "The file is no JSON document."),
    ],
)
def test_a_file_that_is_no_profile_is_refused_in_words(content, what):
    with pytest.raises(Refused) as told:
        read(content)
    assert told.value.what == what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hours", 0), ("hours", 10**9 + 1), ("hours", 1.5), ("hours", True), ("hours", "5000"), ("sme", "yes"),
        ("country", "fr"), ("country", ["FR"]), ("aim", "war"), ("aim", []), ("months", 121), ("colour", "blue"),
        ("inference_percent", -1), ("inference_percent", 101),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_refused_by_its_name(key, value):
    with pytest.raises(Refused) as told:
        read(json.dumps({"format": FORMAT, key: value}))
    assert told.value.what == f"{key} cannot be used."
    assert told.value.why and told.value.todo


def test_null_is_as_good_as_not_said():
    assert read(json.dumps({"format": FORMAT, **dict.fromkeys(ANSWERS)})) == Profile()
