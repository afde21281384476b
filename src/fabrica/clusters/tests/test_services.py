from datetime import timedelta

import pytest
from fabrica.audit.queries import about
from fabrica.clusters import queries, services, tasks
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.adapters.port import Load
from fabrica.clusters.models import Machine, Site
from fabrica.kit.errors import NotAllowed, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def makers(monkeypatch):
    """A table of adapters of this test's own."""
    made = {}
    monkeypatch.setattr(queries, "_makers", made)
    return made


def test_a_site_and_a_machine_are_made_once(cast, machine, now):
    again = services.register_machine(
        site=machine.site, slug="one", name="Other", adapter="fake", device="cpu", devices_total=9,
        by=cast.operator, now=now,
    )  # fmt: skip
    assert (again, again.name, again.devices_total) == (machine, "Machine One", 2)
    assert services.register_site(slug="here", name="There", country="FR", by=cast.operator, now=now) == machine.site
    assert [(one.verb, one.facts) for one in about("machine:one")] == [("machine.register", {"devices": 2})]
    assert [(one.verb, one.facts) for one in about("site:here")] == [
        ("site.register", {"country": "FR"}), ("site.dry_run", {"is_on": False}),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "provider", "outsider"])
def test_only_operators_change_sites_and_machines(cast, machine, now, who):
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        services.register_site(slug="x", name="X", country="FR", by=by, now=now)
    with pytest.raises(NotAllowed):
        services.record_measurement(machine=machine, flops_per_second=1e12, by=by, now=now)
    with pytest.raises(NotAllowed):
        services.set_dry_run(site=machine.site, is_dry_run=True, by=by, now=now)
    with pytest.raises(NotAllowed):
        services.set_mends_drift(site=machine.site, mends_drift=True, by=by, now=now)
    assert Site.objects.count() == 1


def test_a_new_site_is_in_dry_run_and_mends_nothing_and_what_changes_that_is_audited_once(cast, now):
    site = services.register_site(slug="there", name="There", country="FR", by=cast.operator, now=now)
    assert (site.is_dry_run, site.mends_drift) == (True, False)
    for _ in range(2):
        services.set_dry_run(site=site, is_dry_run=False, by=cast.operator, now=now)
        services.set_mends_drift(site=site, mends_drift=True, by=cast.operator, now=now)
    site.refresh_from_db()
    assert (site.is_dry_run, site.mends_drift) == (False, True)
    assert [(one.verb, one.facts) for one in about("site:there")][1:] == [
        ("site.dry_run", {"is_on": False}), ("site.mend", {"is_on": True}),
    ]  # fmt: skip


def test_what_makes_no_sense_is_refused(cast, machine, now):
    with pytest.raises(Refused, match="XX is not a country"):
        services.register_site(slug="x", name="X", country="XX", by=cast.operator, now=now)
    with pytest.raises(Refused, match="at least one device"):
        services.register_machine(
            site=machine.site, slug="two", name="Two", adapter="fake", device="cpu", devices_total=0,
            by=cast.operator, now=now,
        )  # fmt: skip
    for rate in (0, -1.0):
        with pytest.raises(Refused, match="above zero"):
            services.record_measurement(machine=machine, flops_per_second=rate, by=cast.operator, now=now)


def test_a_measurement_is_kept_with_its_time(cast, machine, now):
    services.record_measurement(machine=machine, flops_per_second=1.5e12, by=cast.operator, now=now)
    assert Machine.objects.values_list("flops_per_second", "measured_at").get() == (1.5e12, now)
    assert about("machine:one").last().facts == {"flops": 1_500_000_000_000}


def test_an_adapter_nobody_wired_is_refused_with_the_list(machine, makers):
    with pytest.raises(Refused, match="No adapter is called fake. Use one of: none"):
        queries.cluster_of(machine)
    makers["local"] = lambda _: None
    with pytest.raises(Refused, match="Use one of: local"):
        queries.cluster_of(machine)


def test_each_machine_is_asked_for_its_load_every_ten_seconds(machine, makers, now):
    fake = FakeCluster(now, devices_total=2)
    makers["fake"] = lambda _: fake
    assert [tasks.observe(now), tasks.observe(now + timedelta(seconds=9))] == [True, False]
    machine.refresh_from_db()
    assert (machine.is_reachable, machine.devices_busy, machine.load_at) == (True, 0, now)
    assert tasks.observe(now + tasks.EVERY) is True


def test_a_machine_that_does_not_answer_is_told_so_and_keeps_its_last_figures(machine, makers, now):
    services.record_load(machine=machine, load=Load(2, 1, 1, 3), now=now)
    fake = FakeCluster(now)
    fake.unreachable = True
    makers["fake"] = lambda _: fake
    later = now + timedelta(minutes=1)
    assert tasks.observe(later) is True
    machine.refresh_from_db()
    assert (machine.is_reachable, machine.devices_busy, machine.jobs_pending, machine.load_at) == (False, 1, 3, later)
