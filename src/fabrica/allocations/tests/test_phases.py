"""Awards in phases: promised from the pool, free on a day or when confirmed."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.models import Cap, ClusterAccount, LedgerAccount, Phase, Transfer
from fabrica.allocations.queries.shares import shares
from fabrica.allocations.services import Later, pricing
from fabrica.allocations.tests import billing
from fabrica.allocations.tests.years import HOUR, parted
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.projects.models import Report
from fabrica.projects.states import ReportKind, ReportState
from fabrica.reviews.tests.factories import assessed

DAY = timedelta(days=1)


def give(cast, call, now, *phases, gpu_seconds=6 * HOUR):
    application = assessed(cast, call, now, gpu_seconds_requested=gpu_seconds)
    return services.award(
        application=application, gpu_seconds=gpu_seconds, months=1, by=cast.officer, now=now, phases=phases
    )


@pytest.fixture
def award(cast, call, machine, now):
    """Six hours: one at once, two in ten days, three when an officer releases."""
    parted(cast, machine, now)
    return give(cast, call, now, Later(2 * HOUR, now + 10 * DAY), Later(3 * HOUR))


def free(award):
    return queries.balance(queries.award_of(award.project)).free


def taken():
    return Cap.objects.get(name="fast-lane+playground").taken_gpu_seconds


def release(award, by, now, number=3):
    return services.release_phase(award=award, number=number, by=by, now=now)


def test_all_phases_leave_the_pool_at_once_and_the_first_is_free(award):
    assert (award.gpu_seconds, free(award), queries.promised(award), taken()) == (HOUR, HOUR, 5 * HOUR, 6 * HOUR)
    assert ClusterAccount.objects.get().gpu_seconds_wanted == HOUR
    assert [(one.number, one.gpu_seconds) for one in award.phases.all()] == [(2, 2 * HOUR), (3, 3 * HOUR)]
    assert queries.check_ledger() == []
    industrial = shares(award.starts_at.date())[0]
    assert (industrial.granted, industrial.unused, industrial.left) == (6 * HOUR, 6 * HOUR, 44 * HOUR)


def test_a_phase_becomes_usable_on_its_day_once(award, now):
    assert not tasks.release_phases(now + 10 * DAY - timedelta(seconds=1))
    assert tasks.release_phases(now + 10 * DAY)
    assert not tasks.release_phases(now + 10 * DAY)
    assert (free(award), queries.promised(award), taken()) == (3 * HOUR, 3 * HOUR, 6 * HOUR)
    assert (ClusterAccount.objects.get().gpu_seconds_wanted, queries.check_ledger()) == (3 * HOUR, [])
    entry = Entry.objects.get(verb="award.release_phase")
    assert (entry.actor, entry.facts) == ("", {"number": 2, "gpu_seconds": 2 * HOUR})


def test_a_phase_without_a_day_waits_for_an_officer(cast, award, now):
    tasks.release_phases(award.ends_at - DAY)
    assert queries.promised(award) == 3 * HOUR
    for _ in range(2):
        release(award, cast.officer, now)
    assert (free(award), queries.promised(award)) == (6 * HOUR, 0)
    assert (Transfer.objects.filter(kind="phase").count(), queries.check_ledger()) == (2, [])


def test_an_officer_may_release_a_phase_before_its_day_and_no_worker_may(cast, award, now):
    with pytest.raises(Refused, match="is not due"):
        release(award, None, now, 2)
    release(award, cast.officer, now, 2)
    assert free(award) == 3 * HOUR


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "outsider"])
def test_others_release_no_phase(cast, award, now, who):
    with pytest.raises(NotAllowed):
        release(award, getattr(cast, who), now)


def test_no_phase_waits_for_a_report_that_will_not_be_owed(cast, call, machine, now):
    parted(cast, machine, now)
    with pytest.raises(Refused, match="An award of Playground for 1 months owes no progress report"):
        give(cast, call, now, Later(5 * HOUR, on_report=True))
    assert queries.check_ledger() == []


def test_a_phase_that_waits_for_the_report_is_released_once_it_is_accepted(cast, call, machine, now, reporting):
    parted(cast, machine, now)
    award = give(cast, call, now, Later(5 * HOUR, on_report=True))
    facts = {"project": award.project, "kind": ReportKind.PROGRESS, "form": {}, "due_on": now.date()}
    report = Report.objects.create(**facts, state=ReportState.SUBMITTED)
    assert not tasks.release_phases(now)
    Report.objects.filter(pk=report.pk).update(state=ReportState.ACCEPTED)
    assert [tasks.release_phases(now) for _ in range(2)] == [True, False]
    assert (free(award), queries.promised(award), queries.check_ledger()) == (6 * HOUR, 0, [])
    assert "5.00 GPU-hours" in Notice.objects.get(kind="award_phase").body


def test_a_phase_that_is_withheld_goes_back_once_and_is_not_released(cast, award, now):
    for _ in range(2):
        services.drop_phase(award=award, number=2, by=cast.officer, now=now, reason="The report was poor.")
    assert (free(award), queries.promised(award), taken(), queries.check_ledger()) == (HOUR, 3 * HOUR, 4 * HOUR, [])
    assert Notice.objects.filter(kind="award_phase_dropped").count() == 1
    with pytest.raises(Refused, match="Phase 2 went back to the pool before"):
        release(award, cast.officer, now, 2)
    assert not tasks.release_phases(now + 10 * DAY)
    for changes, refusal in (({"reason": " "}, Refused), ({"by": cast.applicant}, NotAllowed)):
        with pytest.raises(refusal):
            services.drop_phase(
                **{"award": award, "number": 3, "by": cast.officer, "now": now, "reason": "x", **changes}
            )


def test_a_phase_that_is_withheld_goes_back_to_the_pool_that_paid_for_it(cast, award, now, settings):
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    services.top_up(
        award=award, gpu_seconds=2 * HOUR, key="r", by=cast.officer, now=now, reason="The board.", from_reserve=True
    )
    services.drop_phase(award=award, number=2, by=cast.officer, now=now, reason="The report was poor.")
    left = {one.pool.name: one.balance_gpu_seconds for one in LedgerAccount.objects.exclude(pool=None)}
    assert (left["union_aif_industrial"], left["directors_reserve"]) == (46 * HOUR, 8 * HOUR)
    assert queries.check_ledger() == []


def test_a_phase_that_is_none_is_not_found(cast, award, now):
    with pytest.raises(NotFound):
        release(award, cast.officer, now, 4)


def test_what_was_never_released_returns_with_what_is_free(cast, award, now):
    assert tasks.return_unused(award.ends_at + DAY)
    assert (free(award), queries.promised(award), taken(), queries.check_ledger()) == (0, 0, 0, [])
    assert Phase.objects.filter(dropped_at=None).count() == 0
    with pytest.raises(Refused, match="ended on"):
        release(award, cast.officer, award.ends_at + DAY)


def test_an_award_taken_back_gives_up_its_phases(cast, award, now):
    services.spend(award=award, gpu_seconds=600, hold_key="none", key="one", now=now)
    services.revoke(award=award, by=cast.officer, now=now + DAY, reason="Over.")
    assert (queries.promised(award), taken(), queries.check_ledger()) == (0, 600, [])
    assert not tasks.release_phases(now + 20 * DAY)


def test_promised_hours_count_for_the_modes_limit(cast, call, machine, now):
    parted(cast, machine, now, hours=1_000_000)
    award = give(cast, call, now, Later(4_000 * HOUR), gpu_seconds=5_000 * HOUR)
    with pytest.raises(Refused, match="Playground gives at most 5,000"):
        services.top_up(award=award, gpu_seconds=1, key="a", by=cast.officer, now=now)


def test_phases_pass_no_cap(cast, call, machine, now):
    parted(cast, machine, now)
    with pytest.raises(Refused, match="The cap 'Fast Lane . Playground' has 6.00 GPU-hours left; this needs 7.00"):
        give(cast, call, now, Later(7 * HOUR), gpu_seconds=8 * HOUR)
    assert (Phase.objects.count(), taken(), queries.check_ledger()) == (0, 0, [])


@pytest.mark.parametrize(
    "phases",
    [[(6 * HOUR, None)], [(0, None)], [(HOUR, -1)], [(HOUR, 0)], [(HOUR, 30)], [(60, None)] * 13],
)
def test_phases_that_make_no_sense_are_refused(cast, call, machine, now, phases):
    parted(cast, machine, now)
    with pytest.raises(Refused):
        give(cast, call, now, *(Later(size, None if day is None else now + day * DAY) for size, day in phases))


def test_the_check_finds_a_phase_that_somebody_changed(award):
    Phase.objects.filter(number=3).update(gpu_seconds=1)
    slug = award.project.slug
    assert queries.check_ledger() == [f"18000 GPU-seconds are promised to {slug}; its phases say 7201."]


def test_the_limit_in_money_counts_the_phases_still_to_come_and_all_of_them_is_billed(cast, machine, fake, now):
    services.fund(machine=machine, gpu_seconds=11 * HOUR, key="all", by=cast.operator, now=now)
    billing.set_tariff(cast, machine, now)
    billing.addressed(cast, now)
    call, phases = billing.open_pay_per_use(cast, machine, now), [Later(7 * HOUR)]
    with pytest.raises(Refused, match="10.00 GPU-hours cost 25.00 EUR; the limit is 24.99 EUR"):
        billing.sold(cast, call, now, limit_cents=2_499, phases=phases)
    priced = billing.sold(cast, call, now, phases=phases)
    award = priced.award
    assert priced.limit_cents == 2_500
    with pytest.raises(Refused, match="11.00 GPU-hours cost 27.50 EUR"):
        services.top_up(award=award, gpu_seconds=HOUR, key="a", by=cast.officer, now=now)
    with pytest.raises(Refused, match="the limit is 24.99 EUR"):
        pricing.set_limit(award=award, limit_cents=2_499, by=cast.officer, now=now)
    release(award, cast.officer, now, 2)
    billing.used(award, "1", 10 * HOUR, now + DAY)
    assert billing.issued(award, cast, now + 20 * DAY).net_cents == 2_500
