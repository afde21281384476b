"""The modes of a site: versions over the shipped data, what is refused, and what calls keep."""

from datetime import timedelta

import pytest
from fabrica.applications.tests.factories import draft
from fabrica.audit.queries import about
from fabrica.calls import engine, queries, services
from fabrica.calls.engine import saying
from fabrica.calls.engine.own import MAX_BYTES, checked, differences, told_by
from fabrica.calls.models import ModeVersion
from fabrica.calls.states import State
from fabrica.kit.errors import NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db
SOURCE = {"source": "Decision of the director", "checked_on": "2026-11-20", "confidence": "A"}


def row_like(key="fast-lane", names=None, **figures):
    """A row written like a shipped one, with other figures and names."""
    row = told_by(engine.rows()[key])
    facts = [
        {**one, **({"value": figures[one["id"]], **SOURCE} if one["id"] in figures else {})} for one in row["facts"]
    ]
    return {**row, "facts": facts, **(names or {})}


OWN = {"key": "regional", "code": "RA", "title": "Regional"}


@pytest.fixture
def keep(cast, now):
    def kept(row, **how):
        return services.keep_mode(row=row, **{"by": cast.operator, "now": now, **how})

    return kept


def test_without_versions_the_shipped_modes_are_in_force(now, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert queries.mode_rows(now) == engine.rows()


def test_a_new_mode_is_weighed_and_opened_and_leaves_its_entry(cast, machine, now, keep):
    kept = keep(row_like(names=OWN), note="Because.")
    call = services.open_call(slug="r", title="R", mode="regional", machine=machine, by=cast.operator, now=now)
    assert [one.key for one in queries.modes(now)] == [*engine.rows(), "regional"]
    assert (kept.number, call.mode.code, call.mode_row["version"]) == (1, "RA", "2026-11-23 (1)")
    assert [(one.verb, one.facts) for one in about("mode:regional")] == [
        ("mode.create", {"number": 1, "valid_from": "2026-11-23"})
    ]


def test_a_change_of_a_shipped_mode_keeps_first_what_was_shipped(cast, now, keep):
    keep(row_like(size_at_most=60_000), after=1)
    shipped, changed = ModeVersion.objects.filter(slug="fast-lane")
    assert (shipped.number, shipped.by, shipped.row) == (1, None, told_by(engine.rows()["fast-lane"]))
    assert (changed.number, changed.by) == (2, cast.operator)
    assert [one.verb for one in about("mode:fast-lane")] == ["mode.change"]
    told = differences(shipped.whole_row, changed.whole_row, saying.ENGLISH)
    assert [(one.label, one.before[:17], one.after) for one in told] == [
        ("Size, at most", "50,000 GPU-hours ", "60,000 GPU-hours (Decision of the director, 2026-11-20, A)")
    ]


def test_calls_and_applications_keep_the_version_they_were_made_with(cast, machine, now, keep):
    call = services.open_call(slug="f", title="F", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    made = draft(cast, call, now)
    keep(row_like(size_at_most=60_000), after=1)
    services.retire_mode(key="fast-lane", reason="Over.", by=cast.operator, now=now)
    made.refresh_from_db()
    assert made.call.mode.gpu_hours_max == 50_000
    assert made.call.is_open(now) is True


def test_a_version_waits_for_its_day(now, keep):
    keep(row_like(size_at_most=60_000), after=1, valid_from=now.date() + timedelta(days=7))
    most = [
        next(one for one in queries.modes(now + timedelta(days=day)) if one.key == "fast-lane").value("size_at_most")
        for day in (0, 6, 7)
    ]
    assert most == [50_000, 50_000, 60_000]


def test_a_retired_mode_is_neither_weighed_nor_opened_until_a_version_brings_it_back(cast, machine, now, keep):
    services.retire_mode(key="fast-lane", reason="Over.", by=cast.operator, now=now)
    assert "fast-lane" not in queries.mode_rows(now)
    with pytest.raises(NotFound, match="no access mode fast-lane"):
        services.open_call(slug="f", title="F", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    with pytest.raises(Refused, match="retired already"):
        services.retire_mode(key="fast-lane", reason="Again.", by=cast.operator, now=now)
    keep(row_like(), after=2)
    assert "fast-lane" in queries.mode_rows(now)
    assert [one.verb for one in about("mode:fast-lane")] == ["mode.retire", "mode.change"]


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "provider", "outsider"])
def test_only_operators_write_modes(cast, now, keep, who):
    with pytest.raises(NotAllowed):
        keep(row_like(names=OWN), by=getattr(cast, who))
    with pytest.raises(NotAllowed):
        services.retire_mode(key="fast-lane", reason="No.", by=getattr(cast, who), now=now)
    assert not ModeVersion.objects.exists()


@pytest.mark.parametrize("after", [0, 2, 7])
def test_who_wrote_on_another_version_is_told(now, keep, after):
    with pytest.raises(services.SavedMeanwhile, match="Somebody else changed this mode"):
        keep(row_like(), after=after)
    assert not ModeVersion.objects.exists()


def test_a_code_belongs_to_one_mode_only(keep):
    with pytest.raises(Refused, match="The code FL belongs to the mode fast-lane"):
        keep(row_like(names={**OWN, "code": "FL"}))


@pytest.mark.parametrize("days", [-2, 2_000])
def test_a_day_that_is_long_past_or_far_away_is_refused(now, keep, days):
    with pytest.raises(Refused, match="valid from today on"):
        keep(row_like(names=OWN), valid_from=now.date() + timedelta(days=days))


def test_every_shipped_mode_passes_the_reader_of_the_sites_own():
    assert [checked(told_by(row))["key"] for row in engine.rows().values()] == list(engine.rows())


@pytest.mark.parametrize(
    "change",
    [
        {"key": "Fast Lane"}, {"key": "x" * 41}, {"key": 5}, {"code": "fl"}, {"code": "TOOLONG"}, {"title": " "},
        {"title": "x" * 61}, {"for_whom": None}, {"source": 7}, {"confidence": "Z"}, {"checked_on": "yesterday"},
        {"checked_on": 5}, {"colour": "blue"}, {"facts": []}, {"facts": None}, {"facts": ["x"]},
        {"facts": [{"id": "unit"}]}, {"rules": [{"id": "r", "text": "x"}]}, {"rules": [{"id": "r", "source": "s"}] * 61},
        {"rules": [{"id": "r", "text": "x", "needs": {"fact": "colour", "is": True}, **SOURCE}]},
        {"prepare": [{"id": "p", "text": "x" * 501, **SOURCE}]}, {"prepare": [{"id": "p", "text": "x", "more": 1, **SOURCE}]},
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_refused(keep, change):
    with pytest.raises(Refused, match="This mode makes no sense"):
        keep({**row_like(names=OWN), **change})
    assert not ModeVersion.objects.exists()


@pytest.mark.parametrize("row", [None, [], "x", {}, {"key": "x"}])
def test_what_is_no_row_is_refused(keep, row):
    with pytest.raises(Refused, match="exactly these keys"):
        keep(row)


@pytest.mark.parametrize(
    "figures",
    [
        {"size_at_most": 0}, {"size_at_most": 10**9 + 1}, {"months": [61]}, {"months": ["1"]}, {"unit": "day"},
        {"clock": {"at_most": 251, "unit": "working_day", "from": "submission"}}, {"opening": {"how": "never"}},
        {"opening": {"how": "cut_offs", "time": None, "zone": None, "dates": ["2027-02-30"]}}, {"systems": -1},
        {"opening": {"how": "cut_offs", "time": None, "zone": None, "dates": "2027"}}, {"pool": "mine"}, {"steps": [1]},
    ],
)  # fmt: skip
def test_a_figure_that_makes_no_sense_is_refused(keep, figures):
    with pytest.raises(Refused, match="This mode makes no sense"):
        keep(row_like(names=OWN, **figures))


def test_a_row_without_end_is_refused(keep):
    row = row_like(names=OWN)
    long = [{"id": f"p{n}", "text": "x" * 499, "text_fr": "y" * 499, **SOURCE} for n in range(60)]
    with pytest.raises(Refused, match=f"at most {MAX_BYTES} bytes"):
        keep({**row, "prepare": long})


def test_a_least_above_the_most_and_a_package_beside_sizes_are_refused(keep):
    row = row_like(names=OWN)
    for extra in ({"id": "size_at_least", "value": 50_000}, {"id": "package", "value": 5}):
        with pytest.raises(Refused, match="least"):
            keep({**row, "facts": [*row["facts"], {**extra, **SOURCE}]})


def test_a_pause_names_other_calls_that_are_open(cast, machine, call, now):
    other, closed = (
        services.open_call(slug=one, title=one, mode="fast-lane", machine=machine, by=cast.operator, now=now)
        for one in ("other", "closed")
    )
    services.set_state(call=closed, state=State.CLOSED, by=cast.operator, now=now)
    services.set_state(
        call=call, state=State.PAUSED, by=cast.operator, now=now, reason="Full.", alternatives=[other, closed]
    )
    call.refresh_from_db()
    assert (call.pause_reason, call.alternatives_open(now)) == ("Full.", [other])
    services.set_state(call=call, state=State.OPEN, by=cast.operator, now=now)
    call.refresh_from_db()
    assert (call.pause_reason, list(call.alternatives.all())) == ("", [])
    with pytest.raises(Refused, match="Other calls are the alternatives"):
        services.set_state(
            call=call, state=State.PAUSED, by=cast.operator, now=now, reason="Full.", alternatives=[call]
        )
