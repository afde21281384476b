"""What a machine should look like, computed from awards."""

import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations import queries, services
from fabrica.allocations.applying import plan_for
from fabrica.allocations.desired import Plan
from fabrica.allocations.engine import unix_name
from fabrica.allocations.models import Award, ClusterAccount
from fabrica.allocations.tests import factories
from fabrica.clusters import queries as clusters
from fabrica.clusters import services as services_of_clusters
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.config import bench_data
from fabrica.kit.errors import Refused
from fabrica.projects import services as projects
from fabrica.reviews.tests.factories import assessed

pytestmark = pytest.mark.usefixtures("fake")
NAME = "a-model-that-reads-source-code"


def call_people(cast, site, now, **names):
    """Give people of the cast these UNIX names at a site."""
    for who, name in names.items():
        services_of_clusters.change_unix_name(
            site=site, person=getattr(cast, who), name=name, by=cast.operator, now=now
        )


def test_each_award_wants_an_account_with_its_hours_programme_and_members(award, cast, machine, now, monkeypatch):
    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    call_people(cast, machine.site, now, applicant="zed", mate="max", outsider="otto")
    own = queries.cluster_account_of(award).unix_name
    assert own == f"fp{award.pk:04d}"
    assert list(queries.wanted(machine, now)) == [
        AccountSpec(NAME, "Fabrica award AIF-2026PG-0001", 36_000, "playground", tuple(sorted(["zed", "max", own])))
    ]


def test_it_is_closed_from_the_moment_the_award_ends(award, machine, now):
    just_before = award.ends_at.replace(microsecond=0) - (award.ends_at - award.starts_at) / 1000
    told = [[one.is_open for one in queries.wanted(machine, at)] for at in (now, just_before, award.ends_at)]
    assert told == [[True], [True], [False]]


def test_only_those_asked_for_are_told(award, cast, call, machine, now):
    second = factories.awarded(cast, call, now)
    key = queries.cluster_account_of(second).pk
    assert [one.name for one in queries.wanted(machine, now, [key])] == [f"{NAME}-2"]
    assert list(queries.standing(machine, now, [])) == []


def test_it_takes_as_many_statements_for_many_awards_as_for_one(award, cast, call, machine, now, monkeypatch):
    call_people(cast, machine.site, now, applicant="ada")
    factories.fund(cast, machine, now, key="more")

    def statements():
        with CaptureQueriesContext(connection) as seen:
            list(queries.wanted(machine, now))
        return len(seen)

    one = statements()
    for _ in range(4):
        factories.awarded(cast, call, now)
    assert (one, statements()) == (3, 3)


def test_a_job_runs_under_the_programme_and_as_the_account_of_its_project(award):
    assert queries.charged_as(award) == ("playground", f"fp{award.pk:04d}")


@pytest.mark.parametrize("template", ["fp", "fp{number", "fp{name}", "{number}", "Fp{number}", "f p{number}", "fp{}",
                                      "fp{number:040d}", "{number.__class__}", "fp{number:x!}"])  # fmt: skip
def test_a_template_that_makes_no_unix_name_or_the_same_for_all_is_refused(template):
    with pytest.raises(Refused, match="FABRICA_UNIX_PROJECT_TEMPLATE"):
        unix_name(template, 7)


def test_a_project_never_gets_the_unix_account_of_a_person_nor_a_person_one_of_a_project(
    award, cast, call, now, settings
):
    site = award.machine.site
    settings.FABRICA_UNIX_PROJECT_TEMPLATE = "ai-{number:03d}"
    for name in ("ai-007", "ai-1"):
        with pytest.raises(Refused, match=f"{name} is kept for what projects run as"):
            call_people(cast, site, now, outsider=name)
    call_people(cast, site, now, outsider=f"x{award.pk + 1}")
    settings.FABRICA_UNIX_PROJECT_TEMPLATE = "x{number}"
    later = assessed(cast, call, now, gpu_seconds_requested=36_000)
    with pytest.raises(Refused, match=f"The UNIX account x{award.pk + 1} belongs to another project or to a person"):
        services.award(application=later, gpu_seconds=36_000, months=1, by=cast.officer, now=now)


def test_two_projects_never_share_a_unix_account(award, cast, call, now, settings):
    later = assessed(cast, call, now, gpu_seconds_requested=36_000)
    ClusterAccount.objects.update(unix_name=f"fp{award.pk + 1:04d}")
    with pytest.raises(Refused, match=rf"The UNIX account fp{award.pk + 1:04d} belongs to another project or"):
        services.award(application=later, gpu_seconds=36_000, months=1, by=cast.officer, now=now)
    assert Award.objects.count() == 1
    later.refresh_from_db()
    settings.FABRICA_UNIX_PROJECT_TEMPLATE = "ai{number}"
    made = services.award(application=later, gpu_seconds=36_000, months=1, by=cast.officer, now=now)
    assert queries.cluster_account_of(made).unix_name == f"ai{made.pk}"


@pytest.fixture
def unchanged(db, now, monkeypatch, settings):
    """Have so many awards on one machine that stands as wanted; returns the machine."""
    settings.FABRICA_DEMO = True
    fake = FakeCluster(now)
    monkeypatch.setattr(clusters, "_makers", {"local": lambda machine: fake})

    def fill(total):
        machine = bench_data.fill_awards(total)
        for spec in queries.wanted(machine, now):
            fake.put_account(spec)
        return machine

    return fill


def test_a_plan_takes_three_statements_and_work_that_grows_with_the_accounts_alone(unchanged, now):
    found = []
    for total in (50, 100, 200):
        machine = unchanged(total)
        assert plan_for(machine, now) == Plan()
        with CaptureQueriesContext(connection) as statements:
            calls = calls_of(lambda: plan_for(machine, now))
        found.append((len(statements), calls))
    assert [statements for statements, _ in found] == [3, 3, 3]
    first, second, third = (calls for _, calls in found)
    assert third - second < 2.2 * (second - first)


def calls_of(work):
    """How many functions are called, in Python and in C."""
    count = 0

    def seen(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
