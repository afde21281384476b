"""Several operating-system processes on one database: exactly the right number succeed, and the books hold."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fabrica
from fabrica.kit.tests.databases import Own

pytestmark = [pytest.mark.database, pytest.mark.long]
POOL, AWARD, WAITING = 2_000, 1_000, 8


class Contender:
    """A process that moves hours on the given database."""

    def __init__(self, home, database_url, codes=()):
        self.codes = codes
        env = {**os.environ, "FABRICA_HOME": str(home), "DATABASE_URL": database_url,
               "DJANGO_SETTINGS_MODULE": "fabrica.config.settings_test",
               "PYTHONPATH": str(Path(fabrica.__file__).parent.parent)}  # fmt: skip
        command = [sys.executable, "-m", "fabrica.allocations.tests.contender"]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, verb, **arguments):
        self.process.stdin.write(json.dumps({"verb": verb, **arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the process ended instead of answering; its error stands above"
        return json.loads(line)

    def ask(self, verb, **arguments):
        self.tell(verb, **arguments)
        return self.answer()

    def finish(self):
        """Let it end by itself, so that everything is in the database's one file."""
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A prepared site that each test copies, and the codes of its assessed applications."""
    folder = tmp_path_factory.mktemp("template")
    database = Own(folder, "template")
    one = Contender(folder, database.url)
    codes = one.ask("prepare", pool=POOL, award=AWARD, waiting=WAITING)
    one.finish()
    yield database, codes
    database.drop()


@pytest.fixture
def contenders(tmp_path, template):
    """Two processes on a copy of the prepared site, both awake."""
    prepared, codes = template
    database = Own(tmp_path, "contenders", copy_of=prepared)
    made = [Contender(tmp_path, database.url, codes) for _ in range(2)]
    both(made, {"verb": "report"}, {"verb": "report"})
    yield made
    for one in made:
        one.close()
    database.drop()


def both(contenders, *commands):
    """Tell both at once and collect what each says."""
    for one, command in zip(contenders, commands, strict=True):
        one.tell(**command)
    return [one.answer() for one in contenders]


def keys(name, count):
    return [f"{name}-{number}" for number in range(count)]


def test_two_workers_move_hours_at_once_and_none_is_given_twice(contenders):
    first, second = contenders

    # 120 holds of 10 on 1,000: exactly 100 succeed, whoever is faster.
    held = both(contenders, *({"verb": "hold", "keys": keys(name, 60), "gpu_seconds": 10} for name in ("a", "b")))
    assert sum(held) == 100
    now = first.ask("report")
    assert (now["free"], now["held"], now["used"], now["problems"]) == (0, 1_000, 0, [])

    # Both report the same thirty jobs of one hold of 10 (1 each): each is booked once, what exceeds it is written off.
    spend = {"verb": "spend", "keys": keys("usage", 30), "hold_key": "a-0", "gpu_seconds": 1}
    assert both(contenders, spend, spend) == [30, 30]
    now = second.ask("report")
    assert (now["free"], now["held"], now["used"], now["written_off"]) == (0, 990, 30, 20)
    assert (now["pool"], now["problems"]) == (980, [])

    # Both release the same holds: hours come back once.
    release = {"verb": "release", "keys": keys("a", 60) + keys("b", 60)}
    both(contenders, release, release)
    now = first.ask("report")
    assert (now["free"], now["held"], now["used"], now["problems"]) == (990, 0, 30, [])


def test_two_workers_that_state_the_same_totals_at_once_book_them_once(contenders):
    same = {"verb": "book", "keys": keys("job", 25), "totals": [10, 70, 20]}
    assert both(contenders, same, same) == [75, 75]
    now = contenders[0].ask("report")
    assert now["problems"] == []
    assert (now["free"], now["held"], now["used"], now["written_off"]) == (500, 0, 500, 0)  # the last word of both: 20


def test_two_officers_award_at_once_and_the_pool_is_not_overdrawn(contenders):
    first, second = contenders
    first.ask("spend", keys=["all"], hold_key="none", gpu_seconds=POOL - 35)
    assert first.ask("report")["pool"] == 35
    codes = first.codes
    given = both(contenders, {"verb": "award", "codes": codes[::2]}, {"verb": "award", "codes": codes[1::2]})
    now = second.ask("report")
    assert (sum(given), now["awards"], now["pool"], now["problems"]) == (3, 4, 5, [])


def test_two_officers_award_and_add_at_once_and_no_cap_is_passed(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=1)  # at most 36 GPU-seconds
    codes = first.codes
    given = both(contenders, {"verb": "award", "codes": codes[::2]}, {"verb": "award", "codes": codes[1::2]})
    assert (sum(given), second.ask("report")["caps"]) == (3, [30])
    added = both(contenders, *({"verb": "top_up", "keys": keys(name, 10), "gpu_seconds": 1} for name in ("a", "b")))
    now = first.ask("report")
    assert (sum(added), now["caps"], now["problems"]) == (6, [36], [])
    assert (now["awards"], now["free"], now["pool"]) == (4, 1_006, 0)


def test_hours_that_come_back_while_others_are_given_are_given_once(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=1)  # at most 36 GPU-seconds
    codes = first.codes
    assert first.ask("award", codes=codes[:3]) == 3
    back, given = both(contenders, {"verb": "revoke", "codes": codes[:3]}, {"verb": "award", "codes": codes[3:]})
    now = second.ask("report")
    assert (back, now["caps"], now["problems"]) == (3, [10 * given], [])
    assert given + second.ask("award", codes=codes[3:]) == 3


def test_offers_that_are_answered_or_taken_back_at_once_go_one_way(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=10)
    assert first.ask("offer", codes=first.codes) == WAITING
    ways = ["accept", "withdraw_offer", "decline", "accept"] * 2
    mine = [[code, "accept"] for code in first.codes]
    theirs = [[code, way] for code, way in zip(first.codes, ways, strict=True)]
    done = both(contenders, {"verb": "answer", "answers": mine}, {"verb": "answer", "answers": theirs[::-1]})
    now = second.ask("report")
    awards = now["awards"] - 1
    assert (sum(done), awards >= 4, now["caps"], now["problems"]) == (WAITING, True, [10 * awards], [])


def test_two_officers_that_take_the_same_awards_back_return_their_hours_once(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=100)
    assert first.ask("award", codes=first.codes) == 8
    same = {"verb": "revoke", "codes": first.codes}
    assert sum(both(contenders, same, same)) == 8
    now = second.ask("report")
    assert (now["caps"], now["problems"]) == ([0], [])


def test_phases_that_are_released_and_withheld_at_once_go_one_way(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=2)  # at most 72 GPU-seconds
    assert sum(both(contenders, *({"verb": "phased", "codes": first.codes[at::2], "later": 4} for at in (0, 1)))) == 7
    codes = [*first.codes]
    both(contenders, *({"verb": "decide", "codes": order, "act": act} for order, act in (
        (codes, "release_phase"), (codes[::-1], "drop_phase"),
    )))  # fmt: skip
    now = second.ask("report")
    released, dropped = now["phases"]
    assert (released + dropped, now["caps"], now["problems"]) == (7, [70 - 4 * dropped], [])


def test_hours_that_move_both_ways_at_once_neither_wait_in_a_ring_nor_multiply(contenders):
    first, second = contenders
    first.ask("part", hours=1, percent=1)  # at most 36 GPU-seconds
    assert first.ask("award", codes=first.codes[:2]) == 2
    there = {"verb": "move", "keys": keys("move", 12), "gpu_seconds": 2}
    both(contenders, {**there, "back": False}, {**there, "back": True})
    now = second.ask("report")
    assert (now["caps"], now["problems"]) == ([20], [])
    assert (sum(now["sizes"][1:]), min(now["sizes"]) > 0) == (20, True)


def test_two_workers_that_add_under_the_same_keys_count_each_once(contenders):
    contenders[0].ask("part", hours=1, percent=100)
    same = {"verb": "top_up", "keys": keys("same", 20), "gpu_seconds": 7}
    assert both(contenders, same, same) == [20, 20]
    now = contenders[1].ask("report")
    assert (now["caps"], now["free"], now["problems"]) == ([140], 1_140, [])


def test_funding_and_writing_off_at_once_neither_waits_in_a_ring_nor_loses_an_hour(contenders):
    fund = {"verb": "fund", "keys": keys("more", 40), "gpu_seconds": 10}
    beyond = {"verb": "spend", "keys": keys("usage", 40), "hold_key": "none", "gpu_seconds": 70}
    assert both(contenders, fund, beyond) == [40, 40]
    now = contenders[1].ask("report")
    assert (now["free"], now["used"], now["written_off"], now["problems"]) == (0, 2_800, 1_800, [])
    # The pool had 1,000 and got 400; who pays the rest, it or the supply, depends on who came first.
    assert now["pool"] + now["supply"] == -2_800
    assert 0 <= now["pool"] <= 400


def test_a_worker_killed_in_the_middle_leaves_books_that_hold(contenders):
    first, second = contenders
    first.tell("hold", keys=keys("killed", 10_000), gpu_seconds=1)
    deadline = time.monotonic() + 20
    while second.ask("report")["held"] == 0:
        assert time.monotonic() < deadline, "no hold was seen in time"
    first.close()
    now = second.ask("report")
    assert (now["free"] + now["held"], now["problems"]) == (AWARD, [])
    assert second.ask("hold", keys=["after"], gpu_seconds=now["free"]) == (1 if now["free"] else 0)
