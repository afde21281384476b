"""What attempts used before bookings stated totals is not booked a second time, and what was booked finds its run."""

from importlib import import_module

from django.apps import apps
from fabrica.allocations.models import JobBooking
from fabrica.allocations.queries import check_ledger
from fabrica.training.tests.test_following import fresh, key_of, started, turn, write_result


def test_the_use_of_ended_attempts_is_said_by_start_once(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    turn(clock, 60)
    started(site, clock, fake)
    JobBooking.objects.all().delete()
    say = import_module("fabrica.training.migrations.0002_accounting").say_what_was_booked
    for _ in range(2):
        say(apps, None)
        assert list(JobBooking.objects.values_list("machine__slug", "key", "award", "gpu_seconds", "version")) == [
            ("one", key_of(fresh(run).attempts.get()), site.award.pk, 60, 1)
        ]
    assert check_ledger() == []


def test_what_was_booked_for_a_run_before_finds_it(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    turn(clock, 60)
    JobBooking.objects.update(token="", told_gpu_seconds=60)
    JobBooking.objects.create(machine=site.machine, award=site.award, key="somebodys.1", gpu_seconds=1)
    say = import_module("fabrica.training.migrations.0006_booked_for_runs").say_whose
    for _ in range(2):
        say(apps, None)
        assert sorted(JobBooking.objects.values_list("token", "gpu_seconds")) == [
            ("", 1), (fresh(run).attempts.get().token, 60),
        ]  # fmt: skip
