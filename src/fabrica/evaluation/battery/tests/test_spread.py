import pytest

from fabrica.evaluation.battery.spread import Spread, growth, mean, rate, share
from fabrica.evaluation.battery.thresholds import Threshold, thresholds


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (3, 0.6187, 8.767), (100, 81.36, 121.6)]
)
def test_a_rate_has_garwoods_interval(count, low, high):
    found = rate(count, 50_000, 50_000)
    assert (found.value, found.n) == (count, 50_000)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-3)


def test_a_mean_lies_between_the_means_of_values_drawn_again():
    found = mean([1.0, 3.0] * 50)
    assert (found.value, found.n) == (2, 100)
    assert (found.low, found.high) == pytest.approx((1.801, 2.199), abs=0.02)


def test_a_mean_of_few_is_as_wide_as_students_t():
    found, half = mean([-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]), 2.571 * (0.8 / 6) ** 0.5
    assert (found.low, found.high) == pytest.approx((-half, half), rel=0.06)


def test_a_share_has_wilsons_interval():
    assert [round(one, 3) for one in (share(0, 10).high, share(5, 10).low, share(5, 10).high, share(10, 10).low)] == [
        0.278,
        0.237,
        0.763,
        0.722,
    ]


def test_a_growth_is_told_of_all_texts_together():
    found = growth([8, 16], [12, 24], [1, 2], [1, 2])
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 2)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        ((0, 0, 9, 50), "pass"),
        ((0, 0, 9, 49), "warn"),
        ((5, 1, 11, 50), "warn"),
        ((25, 21, 30, 5), "fail"),
        ((25, 19, 30, 5), "warn"),
    ],
)
def test_the_whole_interval_decides(figure, verdict):
    limit = Threshold(10, 20, 50, "a", "b", "c", "C")
    assert limit.judge(Spread(*figure)) == verdict


def test_what_has_no_bound_never_passes_or_fails():
    assert Threshold(None, None, 1, "a", "b", "c", "C").judge(Spread(0, 0, 0, 9)) == "warn"


def test_each_threshold_has_its_reason_source_and_confidence():
    assert [
        key for key, one in thresholds().items() if not (one.reason and one.source and one.confidence in "ABC")
    ] == []
