"""Accounts on clusters: brought there, read back, watched."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.tasks import reconcile
from fabrica.allocations.tests import factories
from fabrica.allocations.tests.factories import awarded
from fabrica.audit.models import Entry
from fabrica.clusters import services as clusters
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.kit.errors import Refused, Unreachable
from fabrica.notices.models import Notice

NAME = "a-model-that-reads-source-code"
MINUTE = timedelta(minutes=1)


def wanted(award):
    return next(one for one in queries.wanted(award.machine, award.starts_at) if one.name == award.account_name)


def facts(award):
    one = queries.cluster_account_of(award)
    return (one.gpu_seconds_applied, one.ready_at, one.checked_at, one.error)


def audited(verb):
    return Entry.objects.filter(verb=verb).count()


def drift(award):
    one = queries.cluster_account_of(award)
    return (one.drifted_at, one.changes_waiting, queries.is_ready(award))


def test_an_account_is_ready_only_after_it_was_read_back(award, fake, now):
    assert not queries.is_ready(award)
    assert reconcile(now) is True
    assert fake.account(NAME) == wanted(award)
    assert facts(award) == (36_000, now, now, "")
    assert queries.is_ready(award)
    assert reconcile(now) is False


def test_the_leader_is_told_once_that_it_is_ready(award, cast, fake, now):
    reconcile(now)
    reconcile(now + 5 * MINUTE)
    told = Notice.objects.get(kind="award_ready")
    assert (told.person, told.subject) == (cast.applicant, "A model that reads source code is ready")
    assert "your 10.00 GPU-hours on Machine One can be used now, until 23 December 2026." in told.body
    assert audited("cluster_account.ready") == 1


def test_what_is_as_it_should_be_is_left_alone(award, fake, now, monkeypatch):
    reconcile(now)
    monkeypatch.setattr(fake, "put_account", lambda account: pytest.fail("it was applied again"))
    assert reconcile(now + 5 * MINUTE) is True
    assert facts(award) == (36_000, now, now + 5 * MINUTE, "")


def test_an_unreachable_cluster_is_asked_again_after_a_growing_wait(award, fake, now):
    fake.unreachable = True
    waits, at = [], now
    for _ in range(10):
        assert reconcile(at) is True
        assert reconcile(at) is False
        due = queries.cluster_account_of(award).next_check_at
        waits.append(int((due - at).total_seconds()))
        at = due
    assert waits == [10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert facts(award) == (None, None, None, "The fake cluster does not answer. Try again later.")
    fake.unreachable = False
    reconcile(at)
    assert facts(award) == (36_000, at, at, "")
    assert queries.cluster_account_of(award).tries == 0


def test_a_long_silence_overflows_nothing(award, fake, now):
    fake.unreachable = True
    ClusterAccount.objects.update(tries=10)
    reconcile(now)
    one = queries.cluster_account_of(award)
    assert (one.tries, one.next_check_at) == (10, now + 15 * MINUTE)


def test_one_that_was_ready_stays_ready_while_the_cluster_is_silent(award, fake, now):
    reconcile(now)
    fake.unreachable = True
    reconcile(now + 5 * MINUTE)
    assert facts(award) == (36_000, now, now, "The fake cluster does not answer. Try again later.")


def test_an_answer_that_was_lost_after_the_account_was_made_does_no_harm(award, fake, now, monkeypatch):
    fake.put_account(wanted(award))
    reconcile(now)
    assert facts(award) == (36_000, now, now, "")
    assert audited("cluster_account.drift") == 0


def test_an_account_of_somebody_else_is_left_alone(award, fake, now):
    theirs = AccountSpec(NAME, "Chemistry", 36_000)
    fake.put_account(theirs)
    reconcile(now)
    assert fake.account(NAME) == theirs
    assert facts(award) == (None, None, None, (
        f"Machine One has an account {NAME} that belongs to something else. Its description does not name "
        "AIF-2026PG-0001. Remove or rename it on the machine; it is tried again by itself."
    ))  # fmt: skip


def test_a_cluster_that_accepts_but_does_not_keep_the_limit_is_not_ready(award, fake, now, monkeypatch):
    monkeypatch.setattr(fake, "put_account", lambda account: None)
    reconcile(now)
    assert not queries.is_ready(award)
    assert facts(award)[-1].startswith(f"Machine One accepted the account {NAME} but does not show it as wanted.")


def test_a_machine_that_nobody_wired_is_told_on_the_account(award, fake, now):
    type(award.machine).objects.update(adapter="nothing")
    reconcile(now)
    assert facts(award)[-1] == "No adapter is called nothing. Use one of: fake."


def test_of_two_workers_one_looks_at_an_account(award, fake, now):
    claimed = ClusterAccount.claim(queries.accounts_due(now), now)
    assert reconcile(now) is False
    assert reconcile(now + 2 * MINUTE) is True
    assert services.note_read_back(account=claimed, spec=wanted(award), back=None, drift="", now=now) is False
    assert facts(award) == (36_000, now + 2 * MINUTE, now + 2 * MINUTE, "")


def test_the_account_of_an_award_that_ended_is_closed_and_looked_at_once_a_day(award, fake, now):
    reconcile(now)
    ended = award.ends_at
    assert reconcile(ended) is True
    assert fake.account(NAME) == replace(wanted(award), is_open=False)
    assert queries.cluster_account_of(award).next_check_at == ended + timedelta(days=1)
    assert reconcile(ended + timedelta(days=1)) is True
    assert queries.cluster_account_of(award).next_check_at == ended + timedelta(days=2)
    assert Notice.objects.filter(kind="award_ready").count() == 1


def test_an_award_that_ended_before_its_account_was_made_gets_none_and_no_letter(award, fake, now):
    assert reconcile(award.ends_at) is True
    assert fake.accounts() == {}
    assert facts(award) == (None, None, award.ends_at, "")
    assert not Notice.objects.filter(kind="award_ready").exists()


def test_a_new_site_is_in_dry_run_and_its_machines_are_only_read(award, cast, fake, now):
    site = award.machine.site
    clusters.set_dry_run(site=site, is_dry_run=True, by=cast.operator, now=now)
    reconcile(now)
    assert fake.accounts() == {}
    assert facts(award) == (None, None, now, (
        f"Dry run: the account {NAME} is not as wanted yet. Make the account {NAME} with 10.00 GPU-hours. An operator "
        "runs `fabrica-site clusters apply here`."
    ))  # fmt: skip
    assert queries.changes_waiting(site) == 1
    fake.put_account(wanted(award))
    reconcile(now + 5 * MINUTE)
    assert queries.is_ready(award)
    assert queries.changes_waiting(site) == 0


def test_a_change_of_ours_that_waits_in_dry_run_is_never_taken_for_one_by_hand(award, cast, fake, now):
    reconcile(now)
    clusters.set_dry_run(site=award.machine.site, is_dry_run=True, by=cast.operator, now=now)
    fake.put_account(replace(wanted(award), is_open=False))
    ClusterAccount.objects.update(gpu_seconds_wanted=72_000)
    for at in (now + 5 * MINUTE, now + 10 * MINUTE):
        reconcile(at)
        assert drift(award) == (now + 5 * MINUTE, 2, False)
    clusters.set_dry_run(site=award.machine.site, is_dry_run=False, by=cast.operator, now=now)
    reconcile(now + 15 * MINUTE)
    assert fake.account(NAME) == replace(wanted(award), gpu_seconds_limit=72_000, is_open=False)


def test_many_accounts_take_two_readings_of_the_machine_or_one_where_nothing_is_to_do(
    award, cast, call, fake, now, monkeypatch
):
    factories.fund(cast, award.machine, now, key="more")
    for _ in range(3):
        awarded(cast, call, now)
    calls = []
    for name in ("accounts", "put_account", "account"):
        real = getattr(fake, name)
        monkeypatch.setattr(fake, name, lambda *args, name=name, real=real: [calls.append(name), real(*args)][1])
    reconcile(now)
    assert calls == ["accounts", *["put_account"] * 4, "accounts"]
    reconcile(now + 5 * MINUTE)
    assert calls[6:] == ["accounts"]
    assert reconcile(now + 5 * MINUTE) is False


class Killed(BaseException):
    """The worker dies: nothing catches it."""


@pytest.mark.parametrize("after", range(7))
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_worker_killed_around_any_call_does_no_harm(award, cast, call, fake, now, monkeypatch, after, is_sent):
    """Two awards are new; one has grown, while a hand changed its limit and its members."""
    factories.fund(cast, award.machine, now, key="more")
    second, third = awarded(cast, call, now), awarded(cast, call, now)
    grown = queries.cluster_account_of(third)
    reconcile(now)
    fake._accounts.clear()
    ClusterAccount.objects.exclude(pk=grown.pk).update(ready_at=None, known=[], gpu_seconds_applied=None)
    fake.put_account(replace(wanted(third), gpu_seconds_limit=60, members=("eve",)))
    ClusterAccount.objects.filter(pk=grown.pk).update(gpu_seconds_wanted=72_000, next_check_at=now)
    ClusterAccount.objects.update(next_check_at=now)
    left = [after]
    for name in ("accounts", "put_account"):
        monkeypatch.setattr(fake, name, killing(getattr(fake, name), left, is_sent))
    at = now
    for _ in range(3):
        with suppress(Killed):
            reconcile(at)
        at += timedelta(hours=1)
    assert left[0] < 0
    expected = {one.account_name: wanted(one) for one in (award, second)}
    expected[third.account_name] = replace(wanted(third), gpu_seconds_limit=72_000, members=("eve",))
    assert fake._accounts == expected
    assert [drift(one)[2] for one in (award, second, third)] == [True, True, False]
    assert reconcile(at) is True
    assert fake._accounts == expected


def killing(real, left, is_sent):
    def call(*args):
        left[0] -= 1
        if left[0] == -1 and not is_sent:
            raise Killed
        answer = real(*args)
        if left[0] == -1:
            raise Killed
        return answer

    return call


def test_the_one_that_waits_longest_is_first(award, cast, call, fake, now):
    later = awarded(cast, call, now + MINUTE)
    assert [one.award for one in queries.accounts_due(now + MINUTE)] == [award, later]
    assert [one.award for one in queries.accounts_due(now)] == [award]


def test_an_account_of_an_earlier_version_gets_its_members_and_nobody_is_blamed(award, fake, now):
    fake.put_account(AccountSpec(NAME, "Fabrica award AIF-2026PG-0001", 36_000))
    ClusterAccount.objects.update(gpu_seconds_applied=36_000, ready_at=now, unix_name="", known=[])
    import_module("fabrica.allocations.migrations.0003_desired_state").fill(apps, None)
    reconcile(now)
    assert fake.account(NAME) == wanted(award)
    assert fake.account(NAME).members == (f"fp{award.pk:04d}",)
    assert (drift(award), audited("cluster_account.drift")) == ((None, 0, True), 0)


def test_a_worker_that_lost_its_claims_while_the_machine_was_read_changes_nothing(award, fake, now, monkeypatch):
    read = fake.accounts

    def overtaken():
        ClusterAccount.objects.update(claim_token="another's")
        return read()

    monkeypatch.setattr(fake, "accounts", overtaken)
    assert reconcile(now) is True
    assert read() == {}
    assert facts(award) == (None, None, None, "")


def test_a_slow_machine_is_left_after_some_steps_and_the_rest_follows_at_once(
    award, cast, call, fake, now, monkeypatch
):
    second = awarded(cast, call, now)
    clock = iter([0.0, 1.0, 21.0, 100.0, 101.0])
    monkeypatch.setattr(tasks, "monotonic", lambda: next(clock))
    reconcile(now)
    assert [queries.is_ready(one) for one in (award, second)] == [True, False]
    assert facts(second)[-1] == (
        f"The machine took long; the rest of the account {second.account_name} follows: Make the account "
        f"{second.account_name} with 10.00 GPU-hours."
    )
    reconcile(now)
    assert queries.is_ready(second)


def test_after_three_steps_without_an_answer_the_rest_is_tried_later(award, cast, call, fake, now, monkeypatch):
    factories.fund(cast, award.machine, now, key="more")
    others = [awarded(cast, call, now) for _ in range(4)]
    tried = []

    def silent(spec):
        tried.append(spec.name)
        raise Unreachable("No answer.")

    monkeypatch.setattr(fake, "put_account", silent)
    reconcile(now)
    assert len(tried) == 3
    assert [facts(one)[-1] for one in (award, *others)] == ["No answer."] * 3 + [
        "The machine did not answer 3 times in a row; this was not tried."
    ] * 2
    assert {queries.cluster_account_of(one).tries for one in (award, *others)} == {1}


def test_one_account_that_is_refused_keeps_no_other_from_being_made(award, cast, call, fake, now, monkeypatch):
    second, put = awarded(cast, call, now), fake.put_account

    def refuse_one(spec):
        if spec.name == NAME:
            raise Refused("The machine wants another name.")
        put(spec)

    monkeypatch.setattr(fake, "put_account", refuse_one)
    reconcile(now)
    assert [queries.is_ready(one) for one in (award, second)] == [False, True]
    assert facts(award)[-1] == "The machine wants another name."
