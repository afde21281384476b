"""Accounts on clusters: brought there, read back, watched."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.tasks import reconcile
from fabrica.allocations.tests.factories import awarded
from fabrica.audit.models import Entry
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.notices.models import Notice

NAME = "a-model-that-reads-source-code"
WANTED = AccountSpec(NAME, "Fabrica award AIF-2026PG-0001", 36_000)
MINUTE = timedelta(minutes=1)


def facts(award):
    one = queries.cluster_account_of(award)
    return (one.gpu_seconds_applied, one.ready_at, one.checked_at, one.error)


def audited(verb):
    return Entry.objects.filter(verb=verb).count()


def test_an_account_is_ready_only_after_it_was_read_back(award, fake, now):
    assert not queries.is_ready(award)
    assert reconcile(now) is True
    assert fake.account(NAME) == WANTED
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
    fake.put_account(WANTED)
    reconcile(now)
    assert facts(award) == (36_000, now, now, "")
    assert audited("cluster_account.drift") == 0


def test_a_limit_changed_by_hand_is_put_right_and_told_until_the_next_clean_check(award, fake, now):
    reconcile(now)
    fake.put_account(replace(WANTED, gpu_seconds_limit=7_200))
    later = now + 5 * MINUTE
    reconcile(later)
    told = f"The limit of {NAME} had been changed on Machine One to 2.00 GPU-hours; it is 10.00 again."
    assert fake.account(NAME) == WANTED
    assert facts(award) == (36_000, now, later, told)
    assert audited("cluster_account.drift") == 1
    reconcile(later + 5 * MINUTE)
    assert facts(award)[-1] == ""


def test_a_removed_account_is_made_again(award, fake, now):
    reconcile(now)
    fake._accounts.clear()
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME) == WANTED
    assert facts(award)[-1] == f"The account {NAME} had been removed on Machine One; it was made again."


def test_a_removed_limit_is_put_back_and_the_sites_words_stay(award, fake, now):
    reconcile(now)
    theirs = "Fabrica award aif-2026pg-0001, room 12"
    fake.put_account(AccountSpec(NAME, theirs, None))
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME) == AccountSpec(NAME, theirs, 36_000)
    assert facts(award)[-1] == f"The limit of {NAME} had been changed on Machine One to none; it is 10.00 again."


def test_words_changed_by_hand_alone_are_none_of_our_business(award, fake, now):
    reconcile(now)
    fake.put_account(replace(WANTED, description="Fabrica award AIF-2026PG-0001, room 12"))
    reconcile(now + 5 * MINUTE)
    assert facts(award)[-1] == ""


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
    assert services.note_read_back(account=claimed, drift="", now=now) is False
    assert facts(award) == (36_000, now + 2 * MINUTE, now + 2 * MINUTE, "")


def test_an_award_that_ended_is_no_longer_looked_at(award, fake, now):
    assert reconcile(award.ends_at) is False
    assert reconcile(award.ends_at - MINUTE) is True


def test_the_one_that_waits_longest_is_first(award, cast, call, fake, now):
    later = awarded(cast, call, now + MINUTE)
    assert [one.award for one in queries.accounts_due(now + MINUTE)] == [award, later]
    assert [one.award for one in queries.accounts_due(now)] == [award]
