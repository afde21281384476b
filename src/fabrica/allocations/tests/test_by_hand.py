"""Accounts on clusters that a hand changed: told once, left or put right as the site says, never taken for ours."""

from dataclasses import replace

import pytest
from fabrica.allocations import queries
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.tasks import reconcile
from fabrica.allocations.tests import factories
from fabrica.allocations.tests.test_tasks import MINUTE, NAME, audited, drift, facts, wanted
from fabrica.clusters import services as clusters
from fabrica.notices.models import Notice
from fabrica.people.services import set_language


def test_a_limit_changed_by_hand_is_told_once_and_left_as_it_is(award, cast, fake, now):
    reconcile(now)
    by_hand = replace(wanted(award), gpu_seconds_limit=7_200)
    fake.put_account(by_hand)
    for at in (now + 5 * MINUTE, now + 10 * MINUTE):
        assert reconcile(at) is True
        assert facts(award) == (7_200, now, at, (
            f"Somebody changed the account {NAME} on Machine One by hand. To put it right: Raise the limit of {NAME} "
            "from 2.00 GPU-hours to 10.00 GPU-hours. An operator undoes it there or runs "
            "`fabrica-site clusters apply here`."
        ))  # fmt: skip
        assert drift(award) == (now + 5 * MINUTE, 1, False)
    assert fake.account(NAME) == by_hand
    assert audited("cluster_account.drift") == 1
    letter = Notice.objects.get(kind="account_drift")
    assert (letter.person, letter.subject) == (cast.operator, "Accounts were changed by hand on Machine One")
    assert f"- Raise the limit of {NAME} from 2.00 GPU-hours to 10.00 GPU-hours." in letter.body.splitlines()


def test_the_letter_of_what_a_hand_changed_is_in_the_operators_language(award, cast, fake, now):
    set_language(language="fr", by=cast.operator, now=now)
    reconcile(now)
    fake.put_account(replace(wanted(award), gpu_seconds_limit=7_200, members=()))
    reconcile(now + 5 * MINUTE)
    letter = Notice.objects.get(kind="account_drift")
    own = queries.cluster_account_of(award).unix_name
    assert letter.subject == "Des comptes ont été modifiés à la main sur Machine One"
    assert [line for line in letter.body.splitlines() if line.startswith("- ")] == [
        f"- Relever la limite de {NAME}, de 2,00 heures GPU à 10,00 heures GPU.",
        f"- Permettre à {own} d’imputer des tâches à {NAME}\xa0: de 0 à 1 membres.",
    ]
    assert facts(award)[-1].startswith(f"Somebody changed the account {NAME} on Machine One by hand. To put it right: ")


def test_what_was_undone_by_hand_is_ready_again(award, fake, now):
    reconcile(now)
    fake.put_account(replace(wanted(award), is_open=False))
    reconcile(now + 5 * MINUTE)
    assert drift(award) == (now + 5 * MINUTE, 1, False)
    fake.put_account(wanted(award))
    reconcile(now + 10 * MINUTE)
    assert drift(award) == (None, 0, True)
    assert facts(award)[-1] == ""


def test_a_removed_account_is_told_and_not_made_again(award, fake, now):
    reconcile(now)
    fake._accounts.clear()
    reconcile(now + 5 * MINUTE)
    assert fake.accounts() == {}
    assert facts(award) == (None, now, now + 5 * MINUTE, (
        f"Somebody removed the account {NAME} on Machine One by hand. To put it right: Make the account {NAME} with "
        "10.00 GPU-hours. An operator undoes it there or runs `fabrica-site clusters apply here`."
    ))  # fmt: skip
    assert drift(award) == (now + 5 * MINUTE, 1, False)


def test_a_site_may_have_changes_by_hand_put_right_and_the_words_it_added_stay(award, cast, fake, now):
    clusters.set_mends_drift(site=award.machine.site, mends_drift=True, by=cast.operator, now=now)
    reconcile(now)
    theirs = replace(wanted(award), description="Fabrica award aif-2026pg-0001, room 12", gpu_seconds_limit=None)
    fake.put_account(theirs)
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME) == replace(theirs, gpu_seconds_limit=36_000)
    assert facts(award) == (36_000, now, now + 5 * MINUTE, (
        f"Somebody had changed the account {NAME} on Machine One by hand; this put it right: Lower the limit of {NAME} "
        "from no limit to 10.00 GPU-hours."
    ))  # fmt: skip
    assert (drift(award), audited("cluster_account.drift")) == ((None, 0, True), 1)
    assert "This was done to put them right:" in Notice.objects.get(kind="account_drift").body
    reconcile(now + 10 * MINUTE)
    assert facts(award)[-1] == ""


def test_a_budget_that_grew_is_applied_at_once_whatever_a_hand_did_to_it(award, fake, now):
    reconcile(now)
    fake.put_account(replace(wanted(award), gpu_seconds_limit=60))
    ClusterAccount.objects.update(gpu_seconds_wanted=72_000)
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME) == replace(wanted(award), gpu_seconds_limit=72_000)
    assert facts(award) == (72_000, now, now + 5 * MINUTE, "")
    assert audited("cluster_account.drift") == 0


def test_our_own_change_goes_on_beside_one_by_hand_that_stays(award, fake, now):
    reconcile(now)
    fake.put_account(replace(wanted(award), is_open=False))
    ClusterAccount.objects.update(gpu_seconds_wanted=72_000)
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME) == replace(wanted(award), gpu_seconds_limit=72_000, is_open=False)
    assert drift(award) == (now + 5 * MINUTE, 1, False)


def test_words_changed_by_hand_alone_are_none_of_our_business(award, fake, now):
    reconcile(now)
    fake.put_account(replace(wanted(award), description="Fabrica award AIF-2026PG-0001, room 12"))
    reconcile(now + 5 * MINUTE)
    assert facts(award)[-1] == ""


def test_an_account_that_was_ours_and_now_names_something_else_is_no_longer_ready(award, fake, now):
    reconcile(now)
    fake.put_account(replace(wanted(award), description="Chemistry", gpu_seconds_limit=1))
    reconcile(now + 5 * MINUTE)
    assert fake.account(NAME).gpu_seconds_limit == 1
    assert drift(award) == (now + 5 * MINUTE, 1, False)
    assert facts(award)[-1] == (
        f"Somebody rewrote the description of the account {NAME} on Machine One by hand. It no longer names "
        "AIF-2026PG-0001, so nothing is done to it. An operator writes AIF-2026PG-0001 back into it there."
    )


@pytest.mark.parametrize("mends", [False, True])
def test_a_description_rewritten_by_hand_is_drift_with_one_letter_until_it_names_the_award_again(
    award, cast, fake, now, mends
):
    clusters.set_mends_drift(site=award.machine.site, mends_drift=mends, by=cast.operator, now=now)
    reconcile(now)
    fake.put_account(replace(wanted(award), description="Chemistry"))
    for minutes in (5, 10):
        reconcile(now + minutes * MINUTE)
    assert drift(award) == (now + 5 * MINUTE, 0, False)
    assert audited("cluster_account.drift") == 1
    letter = Notice.objects.get(kind="account_drift")
    assert "Nothing was undone. This would put them right:" in letter.body
    assert [line for line in letter.body.splitlines() if line.startswith("- ")] == [
        f"- Write AIF-2026PG-0001 back into the description of the account {NAME} on the machine: it no longer names "
        "its award, so nothing is done to it."
    ]
    fake.put_account(replace(wanted(award), description="Room 12, aif-2026pg-0001"))
    reconcile(now + 15 * MINUTE)
    assert (drift(award), facts(award)[-1]) == ((None, 0, True), "")


def test_one_account_put_right_and_one_disowned_are_two_letters(award, cast, call, fake, now):
    clusters.set_mends_drift(site=award.machine.site, mends_drift=True, by=cast.operator, now=now)
    second = factories.awarded(cast, call, now)
    reconcile(now)
    fake.put_account(replace(wanted(award), description="Chemistry"))
    fake.put_account(replace(wanted(second), gpu_seconds_limit=60))
    reconcile(now + 5 * MINUTE)
    bodies = [one.body for one in Notice.objects.filter(kind="account_drift").order_by("pk")]
    assert ["This was done" in body for body in bodies] == [False, True]
    assert ["Write AIF-" in body for body in bodies] == [True, False]
