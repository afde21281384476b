"""The public start page: what it says with nothing, with rows, and how much it asks of the database."""

from datetime import timedelta

import pytest
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.calls import services as calls
from fabrica.calls.models import Call
from fabrica.calls.states import State as CallState
from fabrica.clusters import services as clusters
from fabrica.clusters.adapters.port import Load
from fabrica.clusters.models import Machine
from fabrica.portal.queries import front
from fabrica.portal.queries.front import Figures, Promise

pytestmark = pytest.mark.django_db


def test_an_empty_factory_says_what_is_to_come_and_invents_nothing(browser):
    answer = browser().get("/")
    assert answer.status_code == 200
    told = [answer.context[name] for name in ("calls", "promise", "loads")]
    assert told == [[], None, []]
    assert list(answer.context["models"]) == []
    assert answer.context["figures"] == Figures(0, 0, 0, 0)
    for sentence in ("No call is open at the moment", "No machine is connected yet", "No model is published yet"):
        assert sentence in answer.content.decode()


def test_the_best_promise_of_the_open_calls_stands_first(cast, call, machine, now):
    calls.open_call(slug="fast", title="Fast", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    assert front.promise(front.calls(now)) == Promise(working_days=2, gpu_hours=50_000, months=3)


def test_a_paused_call_promises_nothing_and_comes_last(cast, call, machine, now):
    later = calls.open_call(slug="fast", title="Fast", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    calls.set_state(call=later, state=CallState.PAUSED, reason="Maintenance.", by=cast.operator, now=now)
    found = front.calls(now)
    assert [(one.call.slug, one.is_open) for one in found] == [("playground", True), ("fast", False)]
    assert front.promise(found).gpu_hours == 5_000


def test_a_machine_that_has_not_answered_for_five_minutes_is_no_news(machine, now):
    load = Load(devices_total=2, devices_busy=1, jobs_running=1, jobs_pending=3)
    clusters.record_load(machine=machine, load=load, now=now)
    told = [front.loads(now + timedelta(minutes=m))[0].is_current for m in (0, 4, 5)]
    clusters.record_load(machine=machine, load=None, now=now)
    assert [*told, front.loads(now)[0].is_current] == [True, True, False, False]


def test_figures_are_counted(cast, call, machine, now):
    fund(cast, machine, now)
    awarded(cast, call, now)
    awarded(cast, call, now, gpu_seconds=3_600)
    assert front.figures() == Figures(2, 1, 39_600, 0)


def test_everybody_may_see_it_and_those_signed_in_find_their_home(browser, call):
    for who in ("", "applicant", "officer", "operator", "provider", "outsider"):
        answer = browser(who).get("/")
        assert answer.status_code == 200
        assert ('href="/home/"' in answer.content.decode()) == bool(who)


def test_its_price_comes_with_source_and_date(browser):
    assert "(checked 2026-11-01, confidence A)" in browser().get("/").content.decode()


def test_ten_rows_cost_no_more_queries_than_one(browser, cast, call, machine, now, django_assert_num_queries):
    with django_assert_num_queries(6):
        browser().get("/")
    for n in range(9):
        made = Machine.objects.create(site=machine.site, slug=f"m{n}", name=f"M {n}", devices_total=2)
        Call.objects.create(slug=f"c{n}", title=f"C {n}", machine=made, mode_row=call.mode_row, opens_at=now)
    with django_assert_num_queries(6):
        browser().get("/")
