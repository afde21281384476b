from datetime import timedelta

import pytest
from fabrica.kit.claims import TTL
from fabrica.notices.models import Notice
from fabrica.notices.queries import due

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(cast, now):
    return Notice.objects.create(
        person=cast.applicant, kind="k", event="e", subject="s", body="b", created_at=now, next_try_at=now
    )


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


def test_a_claimer_that_saw_the_row_free_but_came_late_gets_nothing(notice, now, monkeypatch):
    rows = due(now)
    found = rows.filter(claim_token="").first()

    class Stale:
        """A queryset that answers what was true before the other claimed."""

        def filter(self, *_):
            return self

        def first(self):
            return found

    assert claim(now).pk == notice.pk
    assert Notice.claim(Stale(), now) is None


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


@pytest.fixture
def three(cast, now):
    return [
        Notice.objects.create(
            person=cast.applicant, kind="k", event=f"e{one}", subject="s", body="b", created_at=now, next_try_at=now
        ).pk
        for one in range(3)
    ]


def some(now, limit=10):
    return [one.pk for one in Notice.claim_some(due(now), now, limit)]


def test_several_rows_are_claimed_at_once_up_to_a_limit_and_by_one_worker_each(three, now):
    mine = Notice.claim_some(due(now), now, 2)
    assert [(one.pk, one.claim_token, one.claim_expires_at) for one in mine] == [
        (pk, mine[0].claim_token, now + TTL) for pk in three[:2]
    ]
    assert (some(now), some(now)) == (three[2:], [])
    assert some(now + TTL) == three


def test_of_several_rows_those_that_another_took_meanwhile_are_left_out(three, now, monkeypatch):
    real, others = Notice.free.__func__, []

    def overtaken(cls, rows, at):
        found = real(cls, rows, at)
        if not others:
            keys = list(found.values_list("pk", flat=True))
            others.append(Notice.objects.filter(pk=three[0]).update(claim_token="x", claim_expires_at=at + TTL))
            return Notice.objects.filter(pk__in=keys).order_by("pk")
        return found

    monkeypatch.setattr(Notice, "free", classmethod(overtaken))
    assert some(now) == three[1:]


def test_each_of_several_rows_is_given_back_by_itself(three, now):
    first, *_ = Notice.claim_some(due(now), now, 3)
    assert first.settle() is True
    assert some(now) == [first.pk]
