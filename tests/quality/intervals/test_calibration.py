"""Intervals hold what they promise where the width of errors varies, and say so where they cannot."""

import json

import numpy as np
import pytest

from cafi.quality.intervals.calibration import (
    Sample,
    by_decile,
    calibrate,
    calibration_from_dict,
    interval,
)
from cafi.quality.intervals.features import Features, measure, usual


def sample(seed: int, n: int = 2000) -> Sample:
    """Errors whose width is exp of the one feature, and whose centre is a third of the one shift."""
    rng = np.random.default_rng(seed)
    width = rng.uniform(-2, 1, (n, 1)).astype(np.float32)
    shift = rng.normal(size=(n, 1)).astype(np.float32)
    error = np.exp(width[:, 0]) * rng.normal(size=n) + shift[:, 0] / 3
    intensity = rng.uniform(size=n).astype(np.float32)
    return Sample(Features(width, shift, intensity, intensity), error.astype(np.float32), 3, 2, n)


def test_coverage_and_width_where_errors_vary():
    made = calibrate([sample(i) for i in range(9)])
    assert made.coverage == pytest.approx(0.9, abs=0.01)
    assert min(made.by_intensity) > 0.86
    assert made.score_ratio < 0.8
    assert (made.constant, made.saturated) == (3 / 2000, 2 / 2000)
    assert made.model.centre[0] == pytest.approx(1 / 3, abs=0.03)
    fresh = sample(99, 20_000)
    lower, upper = interval(made.model, made.widening, fresh.features)
    inside = (lower <= fresh.error) & (fresh.error <= upper)
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    # The true 90 % interval is 2 * 1.645 standard deviations wide everywhere.
    np.testing.assert_allclose((upper - lower) / np.exp(fresh.features.width[:, 0]), 3.29, rtol=0.15)


def test_blocks_of_time_that_differ_widen_the_intervals():
    quiet, loud = ([sample(i) for i in part] for part in (range(6), range(6, 9)))
    loud = [Sample(s.features, 2 * s.error) for s in loud]
    usual_factor = calibrate([sample(i) for i in range(9)]).widening.least
    assert calibrate(quiet + loud).widening.least > 1.3 * usual_factor


def test_coverage_is_measured_with_what_the_other_blocks_of_time_ask_for():
    loud = [Sample(s.features, 4 * s.error) for s in (sample(i, 300) for i in range(6, 9))]
    made = calibrate([sample(i, 300) for i in range(6)] + loud)
    # The quiet two thirds are held all but fully; errors of four times their size mostly lie outside of their bounds.
    assert made.coverage == pytest.approx(0.73, abs=0.02)


def test_too_few_gaps_give_none():
    assert calibrate([sample(i) for i in range(7)]) is None
    empty = Sample(sample(0).features, np.empty(0, np.float32), 10, 0, 10)
    assert calibrate([empty] * 20) is None


def test_a_way_through_json_changes_nothing():
    made = calibrate([sample(i, 300) for i in range(8)])
    assert calibration_from_dict(json.loads(json.dumps(made.as_dict()))) == made


def test_deciles_keep_equal_values_together():
    values = np.array([0.0] * 50 + list(np.linspace(1, 2, 50)), np.float32)
    shares = by_decile(values, values > 0)
    assert shares[0] == 0
    assert set(shares[1:]) == {1.0}


def test_features_have_one_row_for_each_pixel_and_know_the_disagreement():
    rng = np.random.default_rng(0)
    frames = rng.normal(0.5, 0.01, (4, 40, 30)).astype(np.float32)
    frames[2, 10:20, 10:20] += 1
    pixels = usual(list(frames))
    mean = frames[1:3].mean(0)
    known = measure(frames, 0.5, mean, None, pixels)
    blind = measure(frames, 0.5, mean, None, None)
    assert known.width.shape[0] == blind.width.shape[0] == 40 * 30
    assert (known.width.shape[1] - blind.width.shape[1], known.shift.shape[1] - blind.shift.shape[1]) == (2, 1)
    still = known.width[:, 4].reshape(40, 30)
    assert still[15, 15] > still[35, 5] + 2
