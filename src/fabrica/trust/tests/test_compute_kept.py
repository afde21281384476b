"""What is kept of a project's compute, whom it is told, and which clock begins."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.projects.services import open_project
from fabrica.trust.models import ComputeAlert, ComputeEstimate, NotificationClock
from fabrica.trust.queries.compute import as_facts, compute_of
from fabrica.trust.services import alerting, compute
from fabrica.trust.tasks import remind_of_clock

pytestmark = pytest.mark.django_db
HOUR = 3600
NO_PLAN = compute.Plan(None, None, None)


@pytest.fixture
def project(cast, now):
    return open_project(
        title="Novalis", organisation=cast.startup, purpose="To read.", gate_decision="ACCEPT", pi=cast.applicant,
        ends_at=now + timedelta(days=30), by=cast.officer, now=now,
    )  # fmt: skip


@pytest.fixture
def h100(machine):
    machine.device = "h100"
    machine.save()
    return machine


@pytest.fixture
def grant(project, h100, now):
    def grant(gpu_hours, plan=NO_PLAN, **answers):
        compute.note_grant(
            project=project, machine=h100, gpu_seconds=gpu_hours * HOUR, plan=plan, answers=answers, now=now
        )

    return grant


@pytest.fixture
def ran(project, h100, now):
    """A run that used hours; `of` is all that the project used."""

    def ran(number, gpu_hours, operations=None, model="base", of=0):
        compute.note_run(
            project=project, subject=f"run:novalis/{number}", model=model, machine=h100, gpu_seconds=gpu_hours * HOUR,
            operations=operations, used_by_project=of * HOUR, now=now,
        )  # fmt: skip

    return ran


def raised():
    return [(one.subject, one.threshold, one.level, one.method) for one in ComputeAlert.objects.order_by("pk")]


def kept(subject):
    return {row.method: (row.low, row.flop, row.high) for row in ComputeEstimate.objects.filter(subject=subject)}


def test_hours_that_could_reach_half_are_told_when_they_are_granted(grant, cast):
    grant(15_000)  # 5.3e22 at the full peak, 2.1e22 as trainings usually go
    assert raised() == [("award:novalis", "general_purpose", 50, "granted")]
    assert sorted(Notice.objects.values_list("person__email", "path")) == [
        ("ada@example.org", "/projects/novalis/#compute"), ("olga@example.org", "/desk/compute/"),
    ]  # fmt: skip


def test_an_award_keeps_both_methods_and_the_base_that_was_declared(grant, project, now):
    grant(1, compute.Plan(1_100_000_000, 3 * 10**12, 2), modifies="yes", base_known="yes", base_flop="7.2e23")
    rows = kept("award:novalis")
    assert rows["architecture"][1] == 6 * 1.1e9 * 3e12 * 2
    assert rows["granted"] == pytest.approx((0.3 * 989e12 * HOUR, 0.4 * 989e12 * HOUR, 989e12 * HOUR))
    found = compute_of(project, now.date())
    assert [(one.threshold.key, one.limit) for one in found.measures] == [
        ("general_purpose", 1e23), ("modifier", pytest.approx(2.4e23)), ("systemic", pytest.approx(1e25 - 7.2e23)),
    ]  # fmt: skip


def test_another_base_model_is_weighed_at_once_against_what_was_trained_and_granted(grant, ran, project, now):
    compute.note_base(project=project, answers={"modifies": "yes"}, now=now)
    assert not ComputeEstimate.objects.exists()
    grant(1)
    ran(1, 1, 5e22)
    ran(2, 1, 4e22, model="")
    before = raised()
    compute.note_base(
        project=project, answers={"modifies": "yes", "base_known": "yes", "base_flop": "1.2e23"}, now=now
    )  # a third of it is 4e22
    assert [one for one in raised() if one not in before] == [
        ("model:novalis/base", "modifier", 100, "architecture"), ("project:novalis", "modifier", 100, "architecture"),
    ]  # fmt: skip
    assert compute_of(project, now.date()).base.flop == 1.2e23


def test_an_award_on_a_device_without_facts_keeps_that_nobody_knows(grant, h100):
    h100.device = "abacus"
    h100.save()
    grant(10**6)
    assert (kept("award:novalis"), raised()) == ({"granted": (None,) * 3, "architecture": (None,) * 3}, [])


def test_what_is_granted_later_is_told_once_for_each_level(grant):
    for gpu_hours in (15_000, 20_000, 80_000, 90_000):
        grant(gpu_hours)
    assert [one[2] for one in raised()] == [50, 100]


def test_all_runs_of_a_recipe_are_one_model_and_a_run_that_is_stated_again_counts_once(ran):
    ran(1, 10, 1e18)
    ran(2, 20, 3e18)
    ran(2, 30, 4e18)
    ran(3, 5, None, model="other")
    assert kept("model:novalis/base")["architecture"] == pytest.approx((4.5e18, 5e18, 5.5e18))
    assert kept("model:novalis/base")["metered"][1] == pytest.approx(40 * HOUR * 0.4 * 989e12)
    assert kept("project:novalis")["metered"][1] == pytest.approx(45 * HOUR * 0.4 * 989e12)
    facts = {one["method"]: one for one in as_facts("project:novalis")}
    assert facts["architecture"]["how"].endswith("Sum of 2 of 3 runs and other jobs, failed ones included.")


def test_jobs_that_are_no_runs_count_for_the_project_and_are_looked_at_there(ran, project, h100, now):
    compute.note_jobs(project=project, machine=h100, used_by_project=100_000 * HOUR, now=now)
    assert raised() == [("project:novalis", "general_purpose", 100, "metered")]
    ran(1, 40_000, of=100_000)  # the meter had told of this run's job before it ended
    assert kept("jobs:novalis")["metered"][1] == pytest.approx(60_000 * HOUR * 0.4 * 989e12)
    assert kept("project:novalis")["metered"][1] == pytest.approx(100_000 * HOUR * 0.4 * 989e12)


def test_a_model_above_the_systemic_threshold_begins_one_clock_of_two_weeks(grant, ran, now):
    grant(8_000_000)
    clock = NotificationClock.objects.get()
    assert (clock.alert.subject, clock.opened_on, clock.due_on) == (
        "award:novalis", now.date(), now.date() + timedelta(days=14),
    )  # fmt: skip
    ran(1, 8_000_000)
    assert ("model:novalis/base", "systemic", 100, "metered") in raised()
    assert NotificationClock.objects.count() == 1
    told = Notice.objects.get(person__email="ada@example.org", event=f"compute:{clock.alert.pk}")
    assert told.subject == "The Commission is to be notified of a model of Novalis by 7 December 2026"


def test_a_clock_is_reminded_of_before_its_end_and_when_it_is_late_until_it_is_done(grant, cast, now):
    grant(8_000_000)

    def reminded(days):
        return sum(remind_of_clock(now + timedelta(days=days)) for _ in range(3))

    assert [reminded(days) for days in (10, 11, 12, 14, 15, 16)] == [0, 1, 0, 0, 1, 0]
    told = Notice.objects.filter(person=cast.applicant, kind="compute_clock").order_by("pk")
    assert [one.subject.partition(" ")[0] for one in told] == ["The", "Late:"]
    alert = ComputeAlert.objects.get(threshold="systemic")
    NotificationClock.objects.update(remind_on=now.date())
    alerting.note_notified(alert=alert, evidence="Receipt 17.", by=cast.applicant, now=now)
    assert reminded(20) == 0


def test_an_alert_is_acknowledged_once_with_a_note_by_an_officer_outside(grant, cast, now):
    grant(15_000)
    alert = ComputeAlert.objects.get()
    with pytest.raises(NotAllowed):
        alerting.acknowledge(alert=alert, note="Seen.", by=cast.applicant, now=now)
    with pytest.raises(Refused):
        alerting.acknowledge(alert=alert, note=" ", by=cast.officer, now=now)
    alerting.acknowledge(alert=alert, note="A small model; they confirmed.", by=cast.officer, now=now)
    with pytest.raises(Refused):
        alerting.acknowledge(alert=alert, note="Again.", by=cast.officer, now=now)
    assert [one.verb for one in about("award:novalis")] == ["compute.alert", "compute.acknowledge"]


def test_a_clock_is_ended_with_evidence_by_those_who_lead_the_project_or_an_officer(grant, cast, now):
    grant(8_000_000)
    alert = ComputeAlert.objects.get(threshold="systemic")
    with pytest.raises(NotAllowed):
        alerting.note_notified(alert=alert, evidence="Sent.", by=cast.outsider, now=now)
    with pytest.raises(Refused):
        alerting.note_notified(alert=alert, evidence="", by=cast.applicant, now=now)
    alerting.note_notified(alert=alert, evidence="Receipt 17 of the AI Office.", by=cast.applicant, now=now)
    clock = NotificationClock.objects.get()
    assert (clock.done_by, clock.done_at, clock.evidence) == (cast.applicant, now, "Receipt 17 of the AI Office.")


def test_the_thirtieth_run_asks_the_database_no_more_than_the_second(ran):
    def asked(number):
        with CaptureQueriesContext(connection) as found:
            ran(number, 1, 1e15)
        return len(found)

    ran(1, 1, 1e15)
    second = asked(2)
    for number in range(3, 30):
        ran(number, 1, 1e15)
    assert asked(30) == second <= 16


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_runs_that_end_at_once_neither_misses_the_other(ran, project):
    told = threading.Event()

    def second():
        told.wait(30)
        try:
            ran(2, 20, 2e18)
        finally:
            connection.close()

    other = threading.Thread(target=second)
    other.start()
    with transaction.atomic():
        ran(1, 10, 1e18)
        told.set()
        other.join(0.5)  # it waits for us, whatever the machine is busy with
        assert other.is_alive()
    other.join(30)
    assert (kept("project:novalis")["architecture"][1], kept("model:novalis/base")["architecture"][1]) == (3e18, 3e18)


def test_a_second_model_of_a_project_owes_a_notification_of_its_own(ran, now):
    ran(1, 1_000_000, operations=2e25, model="first", of=1_000_000)
    ran(2, 1_000_000, operations=2e25, model="second", of=2_000_000)
    told = NotificationClock.objects.order_by("pk").values_list("alert__subject", flat=True)
    assert list(told) == ["model:novalis/first", "model:novalis/second"]
