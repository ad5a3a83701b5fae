"""The longest interval that keeps a bound, and how sure that is."""

import numpy as np
import pytest

from cafi.planning.advice import Point, assured_mean, judge, longest
from cafi.planning.bounds import Bound
from cafi.planning.measuring import GapScore

STARTS = np.arange(0.0, 100, 5)


def test_quality_without_scatter_is_assured_as_it_is():
    assert assured_mean(STARTS, np.full(20, 0.8), 2, 100, 0.95) == pytest.approx(0.8)


def test_the_bound_is_that_of_students_distribution_for_two_means():
    # Neighbours that alternate are not alike, so that all twenty gaps count as independent.
    values = 0.8 + 0.1 * np.tile([1.0, -1.0], 10)
    slope = np.polyfit(STARTS - STARTS.mean(), values, 1)[0]
    spread = np.std(values, ddof=1) * np.sqrt(2 / 20) * 1.7291  # t of 19 degrees of freedom at 95 %
    assert assured_mean(STARTS, values, 2, 100, 0.95) == pytest.approx(0.8 + slope * 100 - spread, abs=1e-4)


def test_it_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        first, second = rng.normal(0.7, 0.05, (2, 20))
        held += second.mean() >= assured_mean(STARTS, first, 2, 100, 0.9)
    assert held / 1000 >= 0.9


def test_what_falls_is_taken_to_go_on_falling_and_what_rises_is_not_taken_to_rise():
    falling = 0.9 - 0.002 * STARTS
    assert assured_mean(STARTS, falling, 2, 100, 0.95) < 0.9 - 0.002 * 147
    rising = 0.7 + 0.002 * STARTS
    assert assured_mean(STARTS, rising, 2, 100, 0.95) < rising.mean()


def test_gaps_that_resemble_their_neighbours_assure_less():
    rng = np.random.default_rng(1)
    white = rng.normal(0, 0.05, 20)
    slow = np.repeat(white[:5], 4)
    slow *= white.std() / slow.std()
    assert assured_mean(STARTS, 0.8 + slow, 2, 100, 0.95) < assured_mean(STARTS, 0.8 + white, 2, 100, 0.95)


def test_an_estimated_share_above_one_is_given_as_one():
    scores = [GapScore("linear", 2, t, 1.1) for t in range(20)]
    point = judge(scores, 100, Bound("attained", 1.0), 0.95)
    assert (point.quality, point.assured, point.keeps) == (1.0, 1.0, True)
    assert judge(scores, 100, Bound("psnr", 1.0), 0.95).quality == pytest.approx(1.1)


def test_with_fewer_than_two_independent_gaps_nothing_is_assured():
    assert assured_mean(np.arange(3.0), np.full(3, 0.9), 6, 10, 0.95) == -np.inf
    point = judge([GapScore("linear", 6, t, 0.9) for t in range(3)], 10, Bound("ssim", 0.5), 0.95)
    assert not point.keeps
    assert point.quality == pytest.approx(0.9)


def test_an_interval_counts_only_if_all_shorter_ones_keep_the_bound():
    def points(method, *keeps):
        return [Point(method, interval, 0.9, 0.9, 9, kept) for interval, kept in zip((2, 3, 4), keeps, strict=True)]

    found = longest([*points("a", True, True, False), *points("b", True, False, True), *points("c", False, True, True)])
    assert found == {"a": 3, "b": 2, "c": 1}
