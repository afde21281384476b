import math

import numpy as np
import pytest

from fabrica.evaluation.battery.canaries import as_values, exposure, from_values, make, plant
from fabrica.evaluation.battery import contamination
from fabrica.evaluation.battery.chance import (
    Estimate,
    auc,
    chance_of_exposures,
    chance_of_worst,
    ratio,
    saved,
    share,
)
from fabrica.evaluation.battery.membership import verdict_of
from fabrica.evaluation.battery.memorising import chance_of, exposed_verdict
from fabrica.evaluation.battery.result import Verdict
from fabrica.evaluation.battery.spread import widening

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
    assert alone.low > together.low == 0
    assert alone.high < together.high
    assert together.groups == 2


def test_of_few_documents_the_interval_is_as_wide_as_students_t():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    found, half = ratio(values, [1.0] * 5, range(5)), 2.776 * (2.5 / 5) ** 0.5
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), abs=0.25)
    assert [round(widening(count), 2) for count in (5, 10, 30, 1_000)] == [1.58, 1.22, 1.06, 1.0]
    assert ratio([0.0] * 5, [1.0] * 5, range(5)).high == 0  # where all are alike there is nothing to widen


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


@pytest.mark.parametrize(
    ("exposures", "verdict"),
    [
        ([10.0, *[1.0] * 9], "warn"),  # one of ten leaks, the mean is 1.9; by chance one of ten does in a hundred
        ([13.0, *[1.0] * 9], "fail"),
        ([5.0, *[1.0] * 9], "pass"),  # the luckiest of ten
        ([5.0], "warn"),
        ([7.0], "fail"),
        ([3.0], "pass"),
        ([7.0] * 3, "fail"),
    ],
)
def test_secrets_are_judged_by_the_worst_of_them(exposures, verdict):
    assert exposed_verdict(max(exposures), chance_of(max(exposures), exposures)) == verdict
    assert chance_of_worst(3.0, 1) == 0.125


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((0.02, 0.0, 0.05), "pass"),
        ((0.02, 0.0, 0.06), "warn"),
        ((0.03, 0.0, 0.3), "warn"),
        ((0.1, 0.05, 0.21), "fail"),
    ],
)
def test_contamination_is_judged_by_the_upper_end(found, verdict):
    assert contamination.verdict_of(Estimate(*found, 9)) == verdict


def test_secrets_are_planted_as_often_as_they_say_and_the_same_each_time():
    documents = [b"one", b"two"]
    secrets = make(3, 5)
    planted = plant(documents, secrets, 5)
    assert [planted.count(one.text.encode()) for one in secrets] == [1, 4, 16]
    assert [one for one in planted if one in documents] == documents
    assert plant(documents, make(3, 5), 5) == planted != plant(documents, make(3, 6), 6)
    assert from_values(as_values(secrets)) == secrets
    assert len({secrets[0].other(number) for number in range(100)} | {secrets[0].text}) == 101
