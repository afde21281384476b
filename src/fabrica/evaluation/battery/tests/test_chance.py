import math

import numpy as np
import pytest

from fabrica.evaluation.battery.canaries import as_values, exposure, from_values, make, plant
from fabrica.evaluation.battery.chance import auc, chance_of_exposures, ratio, saved, share
from fabrica.evaluation.battery.membership import verdict_of
from fabrica.evaluation.battery.result import Verdict

DICE = np.random.default_rng(1)


def scores(count, shift=0.0):
    return list(DICE.normal(shift, 1, count)), list(range(count))


def test_scores_by_chance_tell_nothing():
    (own, documents), (new, others) = scores(20), scores(20)
    found = auc(own, new, documents, others)
    assert found.low < 0.5 < found.high
    assert verdict_of(found, found)[0] is Verdict.NOT_RUN


def test_scores_that_differ_are_told_apart_and_many_alike_pass():
    (own, documents), (new, others) = scores(60, 2.0), scores(60)
    found = auc(own, new, documents, others)
    assert found.value == np.mean([[(a > b) + 0.5 * (a == b) for b in new] for a in own])
    chance = auc([1.0] * 10, [1.0] * 10, range(10), range(10))
    assert verdict_of(found, chance)[0] is Verdict.FAIL
    assert verdict_of(chance, chance)[0] is Verdict.PASS
    assert verdict_of(found, found)[0] is Verdict.NOT_RUN  # the untrained twin tells them apart as well


def test_pieces_of_one_document_count_as_one():
    values, sizes = [1.0, 1.0, 3.0, 3.0], [1.0] * 4
    alone, together = ratio(values, sizes, [0, 1, 2, 3]), ratio(values, sizes, [0, 0, 1, 1])
    assert alone.value == together.value == 2
    assert (together.groups, together.low, together.high) == (2, 1.0, 3.0)


def test_what_is_saved_is_a_share_of_the_others_cost():
    found = saved(([1.0, 1.0], [2.0, 2.0], [0, 1]), ([3.0, 3.0], [3.0, 3.0], [0, 1]))
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_share_of_none_still_has_an_upper_bound():
    found = share(0, 100)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.0370, abs=1e-4)  # Wilson 1927


def test_exposure_is_the_rank_in_bits_and_its_chance_that_of_a_rank():
    assert exposure(1.0, [2.0] * 63) == 6
    assert exposure(3.0, [2.0] * 63) == 0
    assert chance_of_exposures([6.0]) == pytest.approx(1 / 64)
    assert chance_of_exposures([6.0, 6.0]) == pytest.approx((1 + 12 * math.log(2)) / 4096)


def test_secrets_are_planted_as_often_as_they_say_and_the_same_each_time():
    documents = [b"one", b"two"]
    secrets = make(3, 5)
    planted = plant(documents, secrets, 5)
    assert [planted.count(one.text.encode()) for one in secrets] == [1, 4, 16]
    assert [one for one in planted if one in documents] == documents
    assert plant(documents, make(3, 5), 5) == planted != plant(documents, make(3, 6), 6)
    assert from_values(as_values(secrets)) == secrets
    assert len({secrets[0].other(number) for number in range(100)} | {secrets[0].text}) == 101
