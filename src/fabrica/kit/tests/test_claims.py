import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from fabrica.kit import claims
from fabrica.kit.claims import TTL
from fabrica.kit.ids import new_uid
from fabrica.notices.models import Notice
from fabrica.notices.queries import due

pytestmark = pytest.mark.django_db


def make(cast, now, number=0):
    return Notice.objects.create(
        person=cast.applicant, kind="k", event=f"e{number}", subject="s", body="b", created_at=now, next_try_at=now
    )


@pytest.fixture
def notice(cast, now):
    return make(cast, now)


def claim(now):
    return Notice.claim(due(now), now)


def test_a_free_row_is_claimed_with_a_token_and_an_expiry(notice, now):
    mine = claim(now)
    assert (mine.pk, len(mine.claim_token), mine.claim_expires_at) == (notice.pk, 32, now + TTL)


def test_nothing_due_is_nothing_claimed(cast, now):
    assert claim(now) is None


def test_of_two_claimers_the_second_gets_nothing(notice, now):
    assert claim(now).pk == notice.pk
    assert claim(now + TTL - timedelta(microseconds=1)) is None


@pytest.fixture
def meanwhile(monkeypatch):
    """Have something done between the moment a claimer sees a row free and the moment it takes it."""

    def meanwhile(act):
        def token():
            monkeypatch.undo()
            act()
            return new_uid()

        monkeypatch.setattr(claims, "new_uid", token)

    return meanwhile


def test_a_claimer_that_saw_the_row_free_but_came_late_gets_nothing(notice, now, meanwhile):
    faster = []
    meanwhile(lambda: faster.append(claim(now)))
    assert claim(now) is None
    assert [one.pk for one in faster] == [notice.pk]


def test_a_claimer_that_saw_the_row_due_but_another_did_the_work_gets_nothing(notice, now, meanwhile):
    meanwhile(lambda: claim(now).settle(sent_at=now))
    assert claim(now) is None


def test_a_batch_is_claimed_under_one_token_in_the_order_of_what_is_due(cast, now):
    notices = [make(cast, now, number) for number in range(4)]
    first = Notice.claim_batch(due(now), now, most=3)
    assert [one.pk for one in first] == [one.pk for one in notices[:3]]
    assert len({one.claim_token for one in first}) == 1
    assert [one.pk for one in Notice.claim_batch(due(now), now, most=3)] == [notices[3].pk]
    assert Notice.claim_batch(due(now), now, most=3) == []


def test_an_expired_claim_can_be_taken(notice, now):
    lost = claim(now)
    taken = claim(now + TTL)
    assert taken.pk == notice.pk
    assert taken.claim_token != lost.claim_token


def test_settling_writes_the_outcome_and_gives_the_row_back(notice, now):
    mine = claim(now)
    assert mine.settle(tries=3) is True
    notice.refresh_from_db()
    assert (notice.tries, notice.claim_token, notice.claim_expires_at) == (3, "", None)
    assert claim(now).pk == notice.pk


def test_settling_after_the_claim_was_lost_writes_nothing(notice, now):
    lost = claim(now)
    taken = claim(now + TTL)
    assert lost.settle(tries=7, subject="overwritten") is False
    notice.refresh_from_db()
    assert (notice.tries, notice.subject, notice.claim_token) == (0, "s", taken.claim_token)
    assert taken.settle(tries=1) is True


def test_settling_twice_writes_once(notice, now):
    mine = claim(now)
    assert mine.settle(tries=1) is True
    assert mine.settle(tries=2) is False


def test_a_row_nobody_claimed_cannot_be_settled(notice):
    assert notice.settle(tries=9) is False
    notice.refresh_from_db()
    assert notice.tries == 0


class Claimer(threading.Thread):
    """A worker with a connection of its own, to which waiting for a locked row is an error."""

    def __init__(self, begin, now):
        super().__init__()
        self.begin, self.now, self.got, self.error = begin, now, [], None

    def run(self):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1ms'")
            self.begin.wait(20)
            while one := claim(self.now):
                self.got.append(one.pk)
        except Exception as error:
            self.error = error
        finally:
            connection.close()


def all_at_once(count, now):
    begin = threading.Barrier(count)
    claimers = [Claimer(begin, now) for _ in range(count)]
    for one in claimers:
        one.start()
    for one in claimers:
        one.join(60)
    assert [one.error for one in claimers] == [None] * count
    return claimers


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_claimers_at_once_each_get_other_rows_and_none_waits_for_a_locked_one(cast, now):
    notices = [make(cast, now, number).pk for number in range(60)]
    claimers = all_at_once(8, now)
    assert sorted(pk for one in claimers for pk in one.got) == notices
    assert len(set(Notice.objects.values_list("claim_token", flat=True))) == 60


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_has_locked_is_passed_over(cast, now):
    locked, free, last = (make(cast, now, number).pk for number in range(3))
    with transaction.atomic():
        Notice.objects.select_for_update().get(pk=locked)
        (claimer,) = all_at_once(1, now)
    assert claimer.got == [free, last]
    assert claim(now).pk == locked


@pytest.fixture
def three(cast, now):
    return [
        Notice.objects.create(
            person=cast.applicant, kind="k", event=f"e{one}", subject="s", body="b", created_at=now, next_try_at=now
        ).pk
        for one in range(3)
    ]


def some(now, limit=10):
    return [one.pk for one in Notice.claim_batch(due(now), now, most=limit)]


def test_several_rows_are_claimed_at_once_up_to_a_limit_and_by_one_worker_each(three, now):
    mine = Notice.claim_batch(due(now), now, most=2)
    assert [(one.pk, one.claim_token, one.claim_expires_at) for one in mine] == [
        (pk, mine[0].claim_token, now + TTL) for pk in three[:2]
    ]
    assert (some(now), some(now)) == (three[2:], [])
    assert some(now + TTL) == three


def test_each_of_several_rows_is_given_back_by_itself(three, now):
    first, *_ = Notice.claim_batch(due(now), now, most=3)
    assert first.settle() is True
    assert some(now) == [first.pk]
