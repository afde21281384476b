"""As an award is used up: told at 50, 80 and 95 %, closed at 100 %, opened again by a top-up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.models import ClusterAccount, Watch
from fabrica.allocations.tests.factories import awarded
from fabrica.audit.models import Entry
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import JobUsage
from fabrica.clusters.tests.accounting import job
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.services import set_language

MINUTE, HOURS = timedelta(minutes=1), timedelta(hours=1)
AWARDED = 36_000
SPEC = AccountSpec("any", "Fabrica award", AWARDED)


def use(award, total, now):
    """The project's one job used so much in total."""
    services.book(award=award, machine=award.machine, key="7.1", gpu_seconds=total, now=now)


def fly(award, gpu_seconds, now):
    """A job of the project runs, and has used so much so far."""
    one = replace(job("8", "11-23 08:00", None, gpu_seconds), account=award.account_name)
    JobUsage.objects.update_or_create(
        machine=award.machine, key=one.key,
        defaults={"job_id": "8", "account": one.account, "devices": 1, "started_at": one.started_at,
                  "gpu_seconds": gpu_seconds, "state": "RUNNING", "seen_at": now},
    )  # fmt: skip


def watch(now):
    Watch.objects.update(next_look_at=now)
    assert tasks.watch(now) is True


def told():
    return list(
        Notice.objects.filter(kind__in=["award_used", "award_stopped"]).order_by("pk").values_list("kind", "subject")
    )


def account(award):
    return ClusterAccount.objects.get(award=award)


def audited():
    verbs = ["award.stop", "award.reopen", "award.top_up"]
    return list(Entry.objects.filter(verb__in=verbs).order_by("pk").values_list("verb", flat=True))


def top_up(award, gpu_seconds, now, cast, key="more", by="officer"):
    return services.top_up(award=award, gpu_seconds=gpu_seconds, key=key, by=getattr(cast, by), now=now)


TITLE = "A model that reads source code"


def test_each_share_is_told_once_and_the_end_closes_the_account(award, now):
    for late, percent in enumerate((10, 49, 50, 51, 79, 80, 94, 95, 99, 100, 100)):
        use(award, AWARDED * percent // 100, now)
        watch(now + late * MINUTE)
        watch(now + late * MINUTE)
        assert account(award).is_open_wanted is (percent < 100)
    assert told() == [
        ("award_used", f"{TITLE} has used 50 % of its hours"),
        ("award_used", f"{TITLE} has used 80 % of its hours"),
        ("award_used", f"{TITLE} has used 95 % of its hours"),
        ("award_stopped", f"{TITLE} has used all its hours"),
    ]
    assert audited() == ["award.stop"]


def test_the_letter_says_how_much_and_until_when(award, cast, now):
    use(award, AWARDED // 2, now)
    watch(now)
    letter = Notice.objects.get(kind="award_used")
    assert (letter.person, letter.path) == (cast.applicant, f"/projects/{award.project.slug}/")
    assert letter.body == (
        "Dear Ada,\n\nyour jobs on Machine One have used 5.00 of 10.00 GPU-hours, those that still run included. The award "
        "lasts until 23 December 2026. When all are used, the account is closed for new jobs."
    )


def test_running_jobs_count(award, now):
    use(award, AWARDED // 4, now)
    fly(award, AWARDED // 4, now)
    watch(now)
    assert told() == [("award_used", f"{TITLE} has used 50 % of its hours")]
    fly(award, 3 * AWARDED // 4, now)
    watch(now + MINUTE)
    assert not account(award).is_open_wanted


def test_a_jump_tells_only_of_the_highest_share(award, now):
    use(award, AWARDED * 97 // 100, now)
    watch(now)
    assert told() == [("award_used", f"{TITLE} has used 95 % of its hours")]


def test_a_hundred_percent_is_never_told_a_second_too_early(award, now):
    use(award, AWARDED - 1, now)
    watch(now)
    assert account(award).is_open_wanted
    use(award, AWARDED, now)
    watch(now + MINUTE)
    assert not account(award).is_open_wanted


def test_closing_is_wanted_at_once_from_whoever_brings_it_about(award, fake, now):
    tasks.reconcile(now)
    looking = ClusterAccount.claim(ClusterAccount.objects.all(), now)
    use(award, AWARDED, now)
    watch(now + MINUTE)
    assert account(award).next_check_at == now + MINUTE
    assert services.note_read_back(account=looking, spec=SPEC, back=SPEC, drift="", now=now + MINUTE) is False
    assert account(award).next_check_at == now + MINUTE


def test_shares_and_grace_are_settings(award, now, settings):
    settings.FABRICA_USAGE_NOTICES, settings.FABRICA_USAGE_GRACE_HOURS = [70], 48
    use(award, AWARDED * 7 // 10, now)
    watch(now)
    use(award, AWARDED, now)
    watch(now + MINUTE)
    assert told() == [
        ("award_used", f"{TITLE} has used 70 % of its hours"), ("award_used", f"{TITLE} has used 100 % of its hours"),
    ]  # fmt: skip
    closes = "On 25 November 2026, 10:01 the account is closed for new jobs. Ask an officer for more hours before that."
    assert Notice.objects.order_by("pk").last().body.endswith(closes)
    watch(now + 48 * HOURS)
    assert account(award).is_open_wanted
    watch(now + 48 * HOURS + MINUTE)
    assert not account(award).is_open_wanted
    assert told()[-1][0] == "award_stopped"


def test_without_notices_the_end_still_closes(award, now, settings):
    settings.FABRICA_USAGE_NOTICES = []
    use(award, AWARDED, now)
    watch(now)
    assert (told(), account(award).is_open_wanted) == ([("award_stopped", f"{TITLE} has used all its hours")], False)


def test_a_correction_below_the_end_opens_again(award, now):
    use(award, AWARDED, now)
    watch(now)
    use(award, AWARDED - 10, now)
    watch(now + MINUTE)
    assert account(award).is_open_wanted
    assert audited() == ["award.stop", "award.reopen"]


def test_every_machine_is_looked_at_each_minute(award, now):
    assert [tasks.watch(now), tasks.watch(now), tasks.watch(now + 0.9 * MINUTE), tasks.watch(now + MINUTE)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_the_same_share_of_the_same_size_is_told_again_after_hours_were_moved(award, cast, call, now):
    other = awarded(cast, call, now, AWARDED)
    use(award, AWARDED // 2, now)
    watch(now)
    for giving, receiving, key in ((other, award, "in"), (award, other, "out")):
        services.move(
            giving=giving,
            receiving=receiving,
            gpu_seconds=AWARDED // 2,
            key=key,
            reason="So.",
            by=cast.officer,
            now=now,
        )
        watch(now)
    assert [kind for kind, _ in told()] == ["award_used", "award_used"]


def test_an_award_that_ended_is_no_longer_told_of(award, now):
    use(award, AWARDED, now)
    watch(award.ends_at)
    assert told() == []


def test_looking_at_many_awards_takes_as_many_statements_as_at_one(award, cast, call, now, django_assert_num_queries):
    rows = lambda: list(queries.accounts_to_act_on(award.machine, 50, now))
    with django_assert_num_queries(2):
        assert rows() == []
    awarded(cast, call, now)
    awarded(cast, call, now, 20_000)
    with django_assert_num_queries(2):
        assert rows() == []


def test_a_top_up_moves_hours_from_the_pool_and_raises_the_limit_at_once(award, pool, cast, now):
    before = queries.pool_of(pool)
    made = top_up(award, 3_600, now, cast)
    assert made.gpu_seconds == AWARDED + 3_600
    assert (queries.balance(made).free, queries.pool_of(pool)) == (AWARDED + 3_600, before - 3_600)
    assert (account(award).gpu_seconds_wanted, account(award).next_check_at) == (AWARDED + 3_600, now)
    entry = Entry.objects.get(verb="award.top_up")
    assert (entry.actor, entry.subject, entry.facts) == (
        cast.officer.uid, award.subject, {"gpu_seconds": 3_600, "total": AWARDED + 3_600},
    )  # fmt: skip
    letter = Notice.objects.get(kind="award_topped_up")
    assert (letter.person, letter.subject) == (cast.applicant, f"{TITLE} has more hours")
    assert (
        "1.00 GPU-hours were added to your award on Machine One; it has 11.00 now, until 23 December 2026."
        in letter.body
    )
    assert queries.check_ledger() == []


def test_a_letter_writes_hours_as_its_readers_language_does_not_as_the_officers(award, cast, now):
    set_language(language="fr", by=cast.applicant, now=now)
    top_up(award, 5_400, now, cast)
    assert "1,50 heures GPU" in Notice.objects.get(kind="award_topped_up").body


def test_the_same_top_up_again_does_nothing_and_another_amount_is_refused(award, cast, now):
    top_up(award, 3_600, now, cast)
    assert top_up(award, 3_600, now, cast).gpu_seconds == AWARDED + 3_600
    assert audited() == ["award.top_up"]
    with pytest.raises(Refused, match="was used for another booking"):
        top_up(award, 3_601, now, cast)
    assert top_up(award, 3_601, now, cast, key="again").gpu_seconds == AWARDED + 7_201


def test_a_top_up_opens_a_closed_account_at_once(award, fake, cast, now):
    use(award, AWARDED, now)
    watch(now)
    looking = ClusterAccount.claim(ClusterAccount.objects.all(), now)
    later = now + timedelta(seconds=20)
    top_up(award, 3_600, later, cast)
    assert (account(award).is_open_wanted, account(award).next_check_at) == (True, later)
    assert services.note_read_back(account=looking, spec=SPEC, back=SPEC, drift="", now=later) is False
    watch(later)
    assert account(award).is_open_wanted
    assert audited() == ["award.stop", "award.top_up", "award.reopen"]
    assert fake.account(award.account_name) is None
    tasks.reconcile(later)
    assert fake.account(award.account_name).gpu_seconds_limit == AWARDED + 3_600


def test_a_top_up_that_does_not_reach_leaves_it_closed(award, cast, now):
    use(award, AWARDED, now)
    fly(award, 7_200, now)
    watch(now)
    top_up(award, 3_600, now, cast)
    assert not account(award).is_open_wanted
    top_up(award, 3_601, now, cast, key="again")
    assert account(award).is_open_wanted


def test_a_top_up_tells_again_only_of_what_lies_above_it(award, cast, now):
    use(award, 32_400, now)
    watch(now)
    top_up(award, 14_400, now, cast)  # 64 % of the larger award
    watch(now + MINUTE)
    assert account(award).told_percent == 64
    use(award, 40_320, now)
    watch(now + 2 * MINUTE)
    assert [subject for kind, subject in told() if kind == "award_used"] == [f"{TITLE} has used 80 % of its hours"] * 2


def test_beyond_the_mode_it_is_refused_with_the_source(award, cast, now):
    most = 5_000 * 3_600
    with pytest.raises(Refused) as refused:
        top_up(award, most - AWARDED + 1, now, cast)
    assert refused.value.what.startswith(
        "Playground gives at most 5,000 GPU-hours and more than none; you award 5,000.0003."
    )
    assert "Source of the limit: EuroHPC" in refused.value.what
    assert queries.balance(award).awarded == AWARDED


def test_more_than_the_pool_holds_is_refused_with_what_is_left(award, cast, now):
    with pytest.raises(Refused, match=r"The pool of Machine One has 17\.7778 GPU-hours left"):
        top_up(award, 64_001, now, cast)
    assert (account(award).gpu_seconds_wanted, audited()) == (AWARDED, [])


def test_after_its_end_an_award_gets_no_more(award, cast, now):
    with pytest.raises(Refused, match="ended on 23 December 2026"):
        top_up(award, 3_600, award.ends_at, cast)


@pytest.mark.parametrize(
    ("who", "may"),
    [("officer", True), ("operator", True), ("applicant", False), ("assessor", False), ("outsider", False)],
)
def test_who_adds_hours(award, cast, now, who, may):
    if may:
        assert top_up(award, 1, now, cast, by=who)
    else:
        with pytest.raises(NotAllowed):
            top_up(award, 1, now, cast, by=who)


def test_what_was_used_beyond_the_award_stays_paid_by_the_pool(award, cast, now):
    use(award, AWARDED + 100, now)
    made = top_up(award, 3_600, now, cast)
    found = queries.balance(made)
    assert (found.free, found.used, found.written_off) == (3_600, AWARDED + 100, 100)
    assert queries.check_ledger() == []


def test_an_account_whose_hours_are_used_up_is_closed_on_the_machine_and_opened_by_a_top_up(award, fake, cast, now):
    tasks.reconcile(now)
    use(award, AWARDED, now)
    watch(now + MINUTE)
    tasks.reconcile(now + MINUTE)
    assert not fake.account(award.account_name).is_open
    assert account(award).drifted_at is None
    top_up(award, 3_600, now + 2 * MINUTE, cast)
    tasks.reconcile(now + 2 * MINUTE)
    there = fake.account(award.account_name)
    assert (there.is_open, there.gpu_seconds_limit) == (True, AWARDED + 3_600)
    assert account(award).drifted_at is None
