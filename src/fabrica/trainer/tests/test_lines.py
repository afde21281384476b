import socket
import threading

import pytest

from fabrica.trainer import lines as module
from fabrica.trainer.lines import LINE_BYTES_AT_MOST, Lines, Manners, Trouble

SECONDS = 20
FAULT = ("No.", "Because.", "Stop.")


class End:
    """One end of the lines, and what it was told."""

    def __init__(self, rank, sockets, **manners):
        self.wishes, self.heard, self.left = threading.Event(), threading.Event(), []
        self.gave_up = threading.Event()
        found = Manners(self.abandon, self.wishes.is_set, self.heard.set, **manners)
        self.lines = Lines(rank, sockets, found).open()

    def abandon(self, fault, end):
        self.left.append((fault, end))
        self.gave_up.set()

    def waits_for(self, holds):
        return self.lines.wait(lambda: holds(self.lines), SECONDS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.01)


@pytest.fixture
def star():
    """A function that makes three ends: the first with a line to each other."""
    made = []

    def make(**manners):
        pairs = {rank: socket.socketpair() for rank in (1, 2)}
        made.append(End(0, {rank: pair[0] for rank, pair in pairs.items()}, **manners))
        made.extend(End(rank, {0: pair[1]}, **manners) for rank, pair in pairs.items())
        return made

    yield make
    for one in made:
        one.lines.close()


def test_what_the_first_decides_comes_to_all(star):
    first, *others = star()
    first.lines.say({"led": 1, "value": 5})
    for one in others:
        assert one.waits_for(lambda lines: 1 in lines.led)
        assert one.lines.led[1]["value"] == 5


def test_a_wish_to_end_is_heard_by_the_first(star):
    first, second, third = star()
    third.wishes.set()
    assert first.heard.wait(SECONDS)
    assert not second.heard.is_set()


def test_a_fault_of_one_comes_to_all_in_its_words(star):
    first, second, third = star()
    second.lines.fail(Trouble(fault=FAULT))
    for one in (first, third):
        assert one.waits_for(lambda lines: lines.trouble is not None)
        assert one.lines.trouble == Trouble(fault=FAULT)
        assert one.heard.wait(SECONDS)


def test_a_line_that_closes_is_a_lost_process_to_all(star):
    first, second, third = star()
    second.lines.peers[0].line.shutdown(socket.SHUT_RDWR)
    for one in (first, third):
        assert one.waits_for(lambda lines: lines.trouble is not None)
        assert one.lines.trouble == Trouble(gone=1)
    assert second.waits_for(lambda lines: lines.trouble == Trouble(gone=0))


def test_silence_is_a_lost_process():
    ours, theirs = socket.socketpair()  # nobody speaks at the other end
    end = End(0, {1: ours}, silent_beats=5)
    assert end.waits_for(lambda lines: lines.trouble == Trouble(gone=1))
    end.lines.close()
    theirs.close()


def test_who_says_good_bye_is_not_lost(star):
    first, second, third = star()
    second.lines.say({"bye": True})
    second.lines.close()
    assert first.waits_for(lambda lines: list(lines.peers) == [2])
    assert first.lines.trouble is None and third.lines.trouble is None


def test_after_the_end_nobody_is_lost(star):
    first, second, _ = star()
    first.lines.end = 0
    first.lines.say({"end": 0})
    assert second.waits_for(lambda lines: lines.end == 0)
    first.lines.close()
    assert second.waits_for(lambda lines: not lines.peers)
    assert second.lines.trouble is None


@pytest.mark.parametrize("raw", [b"{\n", b"[]\n", b"3\n", b"{}\n", b'{"fault": 3}\n', b'{"end": "x"}\n', b"x" * 65_536])
def test_who_does_not_speak_our_way_is_lost(raw):
    ours, theirs = socket.socketpair()
    end = End(0, {1: ours}, silent_beats=10**6)
    theirs.settimeout(SECONDS)
    try:
        for _ in range(2 + LINE_BYTES_AT_MOST // len(raw) if raw[:1] == b"x" else 1):
            theirs.sendall(raw)
    except OSError:
        pass  # it hung up
    assert end.waits_for(lambda lines: lines.trouble == Trouble(gone=1))
    end.lines.close()
    theirs.close()


def test_who_hangs_after_trouble_is_ended_with_the_fault(star, capsys):
    first, second, third = star(grace_beats=3)
    second.lines.fail(Trouble(fault=FAULT))
    for one in (first, second, third):
        assert one.gave_up.wait(SECONDS)
        assert one.left[0] == (FAULT, None)


def test_who_hangs_after_the_end_is_ended_with_its_code(star, capsys):
    first, second, _ = star(grace_beats=3)
    first.lines.say({"end": 75})
    assert second.gave_up.wait(SECONDS)
    assert second.left[0] == (None, 75)
