"""When a project is idle, and when an officer is asked about its hours: dated rules, exact at their edges."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from fabrica.kit.errors import Refused
from fabrica.portal.forecasting import Basis, Forecast
from fabrica.portal.idling import idle, is_to_reclaim, is_warned, rule_for, rules

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROW = {
    "site": "*", "from": "2026-01-01", "recent_days": 28, "least_days": 3, "idle_days": 14,
    "reclaim": {"idle_days": 30, "time_percent": 50, "used_percent": 30},
    "source": "test", "checked_on": "2026-11-01", "confidence": "A",
}  # fmt: skip


def written(tmp_path, *rows):
    path = tmp_path / "life.json"
    path.write_text(json.dumps({"rows": rows}))
    return str(path)


def foreseen(time_percent, used_percent):
    return Forecast(Basis.RECENT, 0, 0, time_percent, used_percent, 0, 0, 0, None)


def test_our_own_rules_can_be_read_and_tell_their_source():
    assert {str(one.source.confidence) for one in rules()} == {"unknown"}


@pytest.mark.parametrize(("days", "warned"), [(13, False), (14, True)])
def test_it_is_idle_after_so_many_days_to_the_instant(days, warned):
    rule = rule_for("any", NOW.date())
    begin = NOW - timedelta(days=200)
    last = NOW - timedelta(days=days)
    assert is_warned(rule, idle(last, begin, NOW)) is warned
    if warned:
        assert not is_warned(rule, idle(last + timedelta(microseconds=1), begin, NOW))


def test_without_any_job_it_is_idle_since_it_began_and_a_job_before_that_counts_for_nothing():
    begin = NOW - timedelta(days=5)
    assert idle(None, begin, NOW).days == idle(begin - timedelta(days=50), begin, NOW).days == 5
    assert idle(None, NOW + timedelta(days=1), NOW).days == 0


@pytest.mark.parametrize(
    ("days", "time", "used", "asked"),
    [(30, 50, 29, True), (29, 50, 29, False), (30, 49, 29, False), (30, 50, 30, False)],
)
def test_an_officer_is_asked_only_when_all_three_hold(days, time, used, asked):
    found = idle(NOW - timedelta(days=days), NOW - timedelta(days=200), NOW)
    assert is_to_reclaim(rule_for("any", NOW.date()), found, foreseen(time, used)) is asked


def test_a_sites_own_rule_goes_before_and_each_holds_from_its_day(tmp_path):
    path = written(
        tmp_path, ROW, {**ROW, "from": "2026-06-01", "idle_days": 20}, {**ROW, "site": "here", "idle_days": 7}
    )
    told = [rule_for(site, date.fromisoformat(day), path).idle_days
            for site, day in (("there", "2026-05-31"), ("there", "2026-06-01"), ("here", "2026-12-01"))]  # fmt: skip
    assert told == [14, 20, 7]
    with pytest.raises(Refused, match="No rule"):
        rule_for("there", date(2025, 12, 31), path)


@pytest.mark.parametrize(
    "change", [{"idle_days": 0}, {"idle_days": "14"}, {"idle_days": True}, {"from": "x"}, {"source": ""}, {"reclaim": {}},
               {"confidence": "sure"}],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_with_its_name(tmp_path, change):
    path = written(tmp_path, {**ROW, **change})
    with pytest.raises(Refused, match=path):
        rules(path)


def test_a_file_that_is_absent_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be used"):
        rules(str(tmp_path / "none.json"))


def test_the_time_to_object_is_the_sites_or_ours_in_a_file_of_before(tmp_path):
    own = {**ROW, "site": "here", "reclaim": {**ROW["reclaim"], "object_days": 21}}
    path = written(tmp_path, ROW, own)
    assert [rule_for(one, NOW.date(), path).object_days for one in ("there", "here")] == [14, 21]
