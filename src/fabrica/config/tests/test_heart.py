from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError

from fabrica.config import heart as heart_
from fabrica.config import worker
from fabrica.config.heart import Heart, alive, beating
from fabrica.config.models import LoopTally, Worker
from fabrica.kit.errors import Unreachable
from fabrica.kit.logs import carried

pytestmark = pytest.mark.django_db


@pytest.fixture
def heart(now):
    return Heart(started_at=now)


def tallies():
    return {one.loop: (one.turns, one.found, one.failures, one.milliseconds) for one in LoopTally.objects.all()}


def test_a_beat_says_who_lives(heart, now):
    heart.beat(now)
    heart.beat(now + timedelta(seconds=10))
    (row,) = Worker.objects.all()
    assert (row.uid, row.started_at, row.seen_at) == (heart.uid, now, now + timedelta(seconds=10))


def test_a_beat_says_what_the_worker_is_in_and_since_when(heart, now):
    heart.begin("registry.register", now)
    heart.beat(now + timedelta(minutes=5))
    row = Worker.objects.get()
    assert (row.doing, row.doing_since) == ("registry.register", now)
    heart.end("registry.register", seconds=300)
    heart.beat(now + timedelta(minutes=6))
    row.refresh_from_db()
    assert (row.doing, row.doing_since) == ("", None)


def test_what_the_loops_of_all_workers_did_is_added_up(heart, now):
    other = Heart()
    heart.end("a", seconds=0.5, found=True)
    heart.end("a", seconds=0.25)
    other.end("a", seconds=1, failed=True)
    other.end("b", seconds=0)
    heart.beat(now)
    other.beat(now)
    heart.beat(now)
    assert tallies() == {"a": (3, 1, 1, 1750), "b": (1, 0, 0, 0)}


def test_what_could_not_be_written_is_written_with_the_next_beat(heart, now, monkeypatch):
    heart.end("a", seconds=1, found=True)
    with monkeypatch.context() as patch:
        patch.setattr(heart_, "_add", lambda *_: (_ for _ in ()).throw(DatabaseError("gone")))
        with pytest.raises(DatabaseError):
            heart.beat(now)
    assert Worker.objects.count() == 0
    heart.end("a", seconds=1)
    heart.beat(now)
    assert tallies() == {"a": (2, 1, 0, 2000)}


def test_a_worker_that_was_stopped_is_not_missed_and_one_that_died_is_forgotten_after_a_day(heart, now):
    dead = Heart()
    dead.beat(now - timedelta(days=2))
    heart.beat(now)
    assert [one.uid for one in Worker.objects.all()] == [heart.uid]
    heart.stop()
    assert Worker.objects.count() == 0


def test_alive_is_who_wrote_within_the_last_minute(heart, now):
    heart.beat(now)
    assert list(alive(now + timedelta(seconds=60))) == [Worker.objects.get()]
    assert list(alive(now + timedelta(seconds=61))) == []


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_beside_a_long_turn_and_stops_with_it(heart):
    with beating(heart, every=0.05):
        heart.begin("long", heart.started_at)
        wait_for(lambda: Worker.objects.filter(doing="long"))
        heart.end("long", seconds=1)
    assert Worker.objects.count() == 0
    assert tallies() == {"long": (1, 0, 0, 1000)}


def wait_for(found, tries=200):
    import time

    for _ in range(tries):
        with suppress(OperationalError):  # SQLite in memory is locked while the other thread writes
            if found():
                return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def test_a_turn_notes_what_each_loop_did_and_puts_its_name_on_every_line(heart, now):
    seen = []

    def working(_now):
        seen.append(carried())
        return True

    def failing(_now):
        raise Unreachable("The machine is silent.")

    def crashing(_now):
        raise RuntimeError("a mistake of ours")

    loops = [("x.work", working), ("x.idle", lambda _now: False), ("x.fail", failing), ("x.crash", crashing)]
    assert worker.turn(loops, {}, 0.0, heart) is True
    heart.beat(now)
    assert {name: told[:3] for name, told in tallies().items()} == {
        "x.work": (1, 1, 0), "x.idle": (1, 0, 0), "x.fail": (1, 0, 1), "x.crash": (1, 0, 1),
    }  # fmt: skip
    assert seen == [{"loop": "x.work"}]


def test_a_loop_that_fails_rests_longer_each_time_and_the_others_go_on(heart):
    turned = []

    def failing(_now):
        turned.append("fail")
        raise OSError("disk")

    def other(_now):
        turned.append("other")
        return False

    paces = {}
    for clock in (0.0, 0.5, 1.0, 2.0, 3.0):
        worker.turn([("fail", failing), ("other", other)], paces, clock, heart)
    assert turned == ["fail", "other", "other", "fail", "other", "other", "fail", "other"]
