import lzma
import math
import shutil
import subprocess

import numpy as np
import pytest

from fabrica.evaluation import bigram
from fabrica.evaluation.bigram import bigram_bits, count_pairs
from fabrica.evaluation.compress import xz_bits


def test_pairs_are_counted_with_a_nul_before_the_first():
    counts = count_pairs(b"aba")
    assert counts.sum() == 3
    assert (counts[0, ord("a")], counts[ord("a"), ord("b")], counts[ord("b"), ord("a")]) == (1, 1, 1)


def test_counting_in_pieces_counts_the_same(monkeypatch):
    raw = np.random.default_rng(1).integers(0, 256, 5_000).astype(np.uint8).tobytes()
    whole = count_pairs(raw)
    monkeypatch.setattr(bigram, "CHUNK", 7)
    assert (count_pairs(raw) == whole).all()


def test_nothing_has_no_pairs_and_costs_nothing():
    assert count_pairs(b"").sum() == 0
    assert bigram_bits(count_pairs(b"abc"), b"") == 0


def test_the_cost_of_a_text_by_hand():
    # seen: a after NUL once, b after a once, a after b once; each row then has 1 + 256
    counts = count_pairs(b"aba")
    likely, unlikely = 2 / 257, 1 / 257
    expected = -(math.log2(likely) + math.log2(likely) + math.log2(unlikely) + math.log2(1 / 256))
    assert bigram_bits(counts, b"ab" + b"bx") == pytest.approx(expected + math.log2(1 / 256) - math.log2(unlikely))


def test_without_training_text_every_byte_costs_eight_bits():
    assert bigram_bits(count_pairs(b""), b"anything") == pytest.approx(8 * 8)


def test_chances_after_each_byte_sum_to_one():
    counts = count_pairs(b"hello there, hello")
    cost = [2 ** -bigram_bits(counts, bytes([after])) for after in range(256)]
    assert sum(cost) == pytest.approx(1)


def test_xz_is_what_lzma_gives():
    raw = b"the same text again, " * 100
    assert xz_bits(raw) == 8 * len(lzma.compress(raw, preset=9))


@pytest.mark.skipif(shutil.which("xz") is None, reason="no xz command here")
def test_xz_is_what_the_command_gives():
    raw = b"the same text again, " * 100
    done = subprocess.run(["xz", "-9", "-c", "--threads=1"], input=raw, capture_output=True, check=True)
    assert abs(xz_bits(raw) - 8 * len(done.stdout)) <= 8 * 64
