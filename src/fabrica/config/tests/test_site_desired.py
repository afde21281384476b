"""`fabrica-site clusters plan`, `apply`, `drift` and the switches beside them, on the fake machine."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fabrica.allocations import queries
from fabrica.allocations import services as allocations
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.tasks import reconcile, watch
from fabrica.allocations.tests import factories
from fabrica.audit.queries import about
from fabrica.clusters import queries as clusters
from fabrica.clusters import services
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.adapters.local import LocalCluster
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import Site
from fabrica.config.doctor.finding import bad, well
from fabrica.config.doctor.machines import dry_runs
from fabrica.config.site_clusters import app
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from typer.testing import CliRunner

NAME = "a-model-that-reads-source-code"
MAKE = f"Make the account {NAME} with 10.00 GPU-hours."


@pytest.fixture
def now():
    """The commands look at the clock themselves."""
    return utcnow()


@pytest.fixture
def fake(now, monkeypatch):
    made = FakeCluster(now)
    monkeypatch.setattr(clusters, "_makers", {"fake": lambda machine: made})
    return made


@pytest.fixture
def award(cast, call, machine, fake, now):
    """An award at a site in dry run."""
    factories.fund(cast, machine, now, gpu_seconds=1_000_000)
    services.set_dry_run(site=machine.site, is_dry_run=True, by=cast.operator, now=now)
    return factories.awarded(cast, call, now)


def run(*arguments, answer=""):
    done = CliRunner().invoke(app, arguments, input=answer)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout.splitlines()


def wanted(award):
    return next(one for one in queries.wanted(award.machine, utcnow()) if one.name == award.account_name)


def applied(award):
    return [one.facts for one in about(f"machine:{award.machine.slug}") if one.verb == "cluster.apply"]


def test_a_plan_changes_nothing_and_says_by_its_status_that_changes_wait(award, fake):
    assert run("plan", "here") == (2, ["one: 1 change.", f"  {MAKE}"])
    assert fake.accounts() == {}
    assert ClusterAccount.objects.get().known == []
    fake.put_account(wanted(award))
    assert run("plan", "here") == (0, ["one: Nothing is to do."])
    assert applied(award) == []


def test_a_plan_as_json_holds_before_and_after(award, fake):
    spec = wanted(award)
    fake.put_account(replace(spec, gpu_seconds_limit=7_200))
    status, lines = run("plan", "here", "--json")
    (machine,) = json.loads("\n".join(lines))["machines"]
    (change,) = machine.pop("changes")
    assert (status, machine) == (2, {"machine": "one", "foreign": [], "disowned": [], "used_up": 0})
    assert (change["kind"], change["account"]) == ("raise limit", NAME)
    assert (change["before"]["gpu_seconds_limit"], change["after"]["gpu_seconds_limit"]) == (7_200, 36_000)


def test_apply_asks_first_and_no_means_no(award, fake):
    status, lines = run("apply", "here", answer="n\n")
    assert (status, lines[:2]) == (1, ["one: 1 change.", f"  {MAKE}"])
    assert (fake.accounts(), applied(award)) == ({}, [])


def test_apply_does_it_at_a_site_in_dry_run_and_twice_changes_nothing(award, fake):
    assert run("apply", "here", answer="y\n")[0] == 0
    assert fake.accounts() == {NAME: wanted(award)}
    assert queries.is_ready(award)
    assert run("apply", "here") == (0, ["one: Nothing is to do."])
    assert applied(award) == [{"done": 1, "failed": 0}]


def test_apply_puts_right_what_hands_changed_and_closes_what_no_award_wants(award, fake):
    run("apply", "here", "--yes")
    fake._accounts.clear()
    stray = AccountSpec("old", "Fabrica award AIF-2024PG-0009", 60)
    theirs = AccountSpec("chem", "Chemistry", 60)
    fake.put_account(stray)
    fake.put_account(theirs)
    close = "Close the account old to new jobs; it is open."
    assert run("drift", "here") == (2, ["one: 2 changes.", f"  {MAKE}", f"  {close}"])
    status, lines = run("apply", "here", "--yes")
    assert (status, lines[-1]) == (0, "one: 2 of 2 changes done.")
    assert fake.accounts() == {NAME: wanted(award), "old": replace(stray, is_open=False), "chem": theirs}
    assert run("drift", "here") == (0, ["one: Nothing was changed by hand."])


def test_the_worker_leaves_strays_to_an_operator(award, cast, fake, now):
    fake.put_account(AccountSpec("old", "Fabrica award AIF-2024PG-0009", 60))
    services.set_dry_run(site=award.machine.site, is_dry_run=False, by=cast.operator, now=now)
    reconcile(utcnow())
    assert sorted(fake.accounts()) == [NAME, "old"]
    assert fake.account("old").is_open


def test_drift_does_not_tell_what_only_waits(award):
    assert run("drift", "here") == (0, ["one: Nothing was changed by hand."])


def test_apply_tells_what_failed_and_goes_on_with_the_others(award, cast, call, fake, now, monkeypatch):
    second = factories.awarded(cast, call, now)
    put = fake.put_account

    def refuse_one(spec):
        if spec.name == NAME:
            raise Refused("The machine wants another name.")
        put(spec)

    monkeypatch.setattr(fake, "put_account", refuse_one)
    done = CliRunner().invoke(app, ["apply", "here", "--yes"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "one: 1 of 2 changes done.")
    assert done.stderr.splitlines() == [f"Failed: {MAKE} The machine wants another name."]
    assert list(fake.accounts()) == [second.account_name]
    assert [queries.is_ready(one) for one in (award, second)] == [False, True]
    assert queries.cluster_account_of(award).error == "The machine wants another name."
    assert applied(award) == [{"done": 1, "failed": 1}]


def test_apply_tries_no_step_that_is_no_longer_the_one_shown(award, fake, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda *_, **__: ClusterAccount.objects.update(gpu_seconds_wanted=72_000))
    done = CliRunner().invoke(app, ["apply", "here"])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"Not tried: {MAKE} It is no longer the same, or a worker has the account in hand. Run apply again."
    ]
    assert fake.accounts() == {}


def test_apply_leaves_an_account_that_a_worker_has_in_hand(award, fake, now):
    ClusterAccount.claim(queries.accounts_due(now), utcnow())
    done = CliRunner().invoke(app, ["apply", "here", "--yes"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "one: 0 of 1 change done.")
    assert fake.accounts() == {}


def test_apply_as_json_asks_nobody_and_tells_what_became_of_each_step(award, fake):
    assert run("apply", "here", "--json") == (1, [])
    status, lines = run("apply", "here", "--json", "--yes")
    (machine,) = json.loads("\n".join(lines))["machines"]
    assert (status, machine["machine"]) == (0, "one")
    assert [(one["kind"], one["is_done"], one["problem"]) for one in machine["changes"]] == [("make", True, None)]


def test_an_account_of_somebody_else_is_named_and_left_alone(award, fake):
    fake.put_account(AccountSpec(NAME, "Chemistry", 60))
    told = f"  The account {NAME} belongs to something else and is left alone; rename it on the machine."
    assert run("plan", "here") == (2, ["one: Nothing is to do.", told])
    assert run("apply", "here", "--yes") == (2, ["one: Nothing is to do.", told])
    assert fake.account(NAME).gpu_seconds_limit == 60


def test_a_machine_that_does_not_answer_is_a_sentence(award, fake):
    fake.unreachable = True
    done = CliRunner().invoke(app, ["plan", "here"])
    assert (done.exit_code, done.stderr) == (1, "The fake cluster does not answer. Try again later.\n")


def test_only_machines_of_the_site_are_looked_at(award):
    assert run("plan", "here", "--machine", "one")[0] == 2
    for arguments in (["plan", "here", "--machine", "two"], ["drift", "nowhere"], ["mend", "here", "maybe"]):
        assert run(*arguments) == (1, [])


def test_a_site_goes_live_back_to_dry_run_and_mends_or_not(award):
    def switches():
        return Site.objects.values_list("is_dry_run", "mends_drift").get(slug="here")

    seen = []
    for arguments in (["go-live", "here"], ["mend", "here", "on"], ["dry-run", "here"], ["mend", "here", "off"]):
        assert run(*arguments)[0] == 0
        seen.append(switches())
    assert seen == [(False, False), (False, True), (True, True), (True, False)]


def test_this_machine_as_a_cluster_is_planned_and_applied_the_same_way(award, fake, monkeypatch, tmp_path):
    own = LocalCluster(tmp_path / "cluster")
    monkeypatch.setitem(clusters._makers, "fake", lambda machine: own)
    assert run("apply", "here", "--yes")[0] == 0
    assert own.accounts() == {NAME: wanted(award)}
    assert run("plan", "here") == (0, ["one: Nothing is to do."])
    own.put_account(replace(wanted(award), is_open=False, members=()))
    reconcile(utcnow() + timedelta(hours=1))
    assert not queries.is_ready(award)
    assert run("drift", "here")[0] == 2
    assert run("apply", "here", "--yes")[0] == 0
    assert own.accounts() == {NAME: wanted(award)}
    assert queries.is_ready(award)


def test_the_doctor_says_that_changes_wait_and_what_to_run(award, fake):
    assert list(dry_runs()) == [well("Here: dry run: 0 changes wait.")]
    reconcile(utcnow())
    assert list(dry_runs()) == [bad("Here: dry run: 1 changes wait.", "Run `fabrica-site clusters apply here`.")]
    run("go-live", "here")
    assert list(dry_runs()) == []


def used_up(award, now):
    allocations.book(award=award, machine=award.machine, key="9.1", gpu_seconds=award.gpu_seconds, now=now)
    watch(utcnow())


def test_a_plan_says_how_many_accounts_are_used_up_and_would_be_closed(award, fake, now):
    run("apply", "here", "--yes")
    used_up(award, now)
    close = f"  Close the account {NAME} to new jobs; it is open."
    told = "  1 account is used up and would be closed; until then new jobs are taken."
    assert run("plan", "here") == (2, ["one: 1 change.", close, told])
    assert run("drift", "here") == (0, ["one: Nothing was changed by hand."])
    assert json.loads("\n".join(run("plan", "here", "--json")[1]))["machines"][0]["used_up"] == 1
    reconcile(utcnow() + timedelta(hours=1))
    assert list(dry_runs()) == [
        bad(
            "Here: dry run: 1 changes wait. 1 used-up accounts still take new jobs.",
            "Run `fabrica-site clusters apply here`.",
        )
    ]
    run("apply", "here", "--yes")
    assert not fake.account(NAME).is_open
    assert run("plan", "here") == (0, ["one: Nothing is to do."])
    assert list(dry_runs()) == [well("Here: dry run: 0 changes wait.")]


def test_an_account_whose_description_was_rewritten_is_drift_and_left_alone(award, fake):
    run("apply", "here", "--yes")
    rewritten = replace(wanted(award), description="Chemistry", gpu_seconds_limit=60)
    fake.put_account(rewritten)
    told = (
        f"  Write AIF-2026PG-0001 back into the description of the account {NAME} on the machine: it no longer names "
        "its award, so nothing is done to it."
    )
    for command in ("plan", "drift", "apply"):
        quiet = "Accounts were changed by hand." if command == "drift" else "Nothing is to do."
        assert run(command, "here", *(["--yes"] if command == "apply" else [])) == (2, [f"one: {quiet}", told])
    (machine,) = json.loads("\n".join(run("drift", "here", "--json")[1]))["machines"]
    assert (machine["foreign"], machine["disowned"]) == ([NAME], [NAME])
    assert fake.account(NAME) == rewritten
