"""Scores are what their definition says, computed here again with numpy and scipy alone."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import correlate1d

from cafi.quality.metrics import Range, intensity_range, psnr, ssim

UNIT = Range(0.0, 1.0)


def pair(seed=0, shape=(40, 52)):
    rng = np.random.default_rng(seed)
    truth = rng.normal(1000, 200, shape)
    return truth, truth + rng.normal(0, 30, shape)


def ssim_by_definition(a, b):
    """Wang et al. 2004, equation 13, with an 11-pixel Gaussian of sigma 1.5; the border of 5 pixels does not count."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def mean(image):
        return correlate1d(correlate1d(image, taps, 0), taps, 1)

    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    score = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return score[5:-5, 5:-5].mean()


def test_the_range_is_from_the_lower_to_the_upper_percentile():
    scale = intensity_range(np.arange(100_001, dtype=np.uint32).reshape(1, -1))
    assert (scale.low, scale.width) == pytest.approx((100.0, 99_800.0))
    np.testing.assert_allclose(scale.normalise(np.array([100, 99_900, 100_001])), [0, 1, 1 + 101 / 99_800])


def test_pixels_that_are_not_finite_do_not_count_for_the_range():
    values = np.arange(1001, dtype=np.float32)
    holed = np.concatenate([values, np.full(500, np.nan, np.float32), [np.float32("inf")]])
    assert intensity_range(holed) == intensity_range(values)


@pytest.mark.parametrize("channel", [np.full((2, 3, 3), 7, np.uint8), np.full((2, 2), np.nan, np.float32)])
def test_a_channel_without_contrast_keeps_its_unit(channel):
    assert intensity_range(channel).width == 1.0


@pytest.mark.parametrize(("error", "decibels"), [(0.1, 20.0), (0.01, 40.0), (1.0, 0.0), (2.0, -6.0206)])
def test_psnr_of_a_constant_error(error, decibels):
    truth = np.random.default_rng(0).random((9, 9))
    assert psnr(truth, truth + error, UNIT) == pytest.approx(decibels, abs=1e-4)


def test_psnr_is_that_of_normalised_frames_and_nothing_is_clipped():
    truth, prediction = pair()
    scale = intensity_range(truth)
    low, high = np.percentile(truth, (0.1, 99.9))
    expected = 10 * np.log10(1 / np.mean(((truth - prediction) / (high - low)) ** 2))
    assert psnr(truth, prediction, scale) == pytest.approx(expected, rel=1e-12)
    beyond = prediction.copy()
    beyond[0, 0] = high + 10 * (high - low)
    assert psnr(truth, beyond, scale) < expected - 10


def test_narrow_dtypes_neither_wrap_around_nor_overflow():
    a, b = np.full((4, 4), 3, np.uint8), np.full((4, 4), 5, np.uint8)
    assert psnr(a, b, Range(0, 10)) == psnr(b, a, Range(0, 10)) == pytest.approx(-20 * math.log10(0.2))
    c, d = np.full((4, 4), 60_000, np.float16), np.full((4, 4), 59_968, np.float16)
    assert psnr(c, d, Range(-60_000.0, 3200.0)) == pytest.approx(40.0)


def test_equal_frames_score_infinity_and_one():
    truth, _ = pair()
    assert psnr(truth, truth, intensity_range(truth)) == math.inf
    assert ssim(truth, truth, intensity_range(truth)) == 1.0


@pytest.mark.parametrize("shape", [(40, 52), (11, 30), (64, 17)])
def test_ssim_is_the_published_formula(shape):
    truth, prediction = pair(1, shape)
    scale = intensity_range(truth)
    expected = ssim_by_definition(scale.normalise(truth), scale.normalise(prediction))
    assert 0.8 < expected < 0.999
    assert ssim(truth, prediction, scale) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (10, 300), (300, 10)])
def test_ssim_of_frames_smaller_than_its_window_is_not_a_number(shape):
    truth, prediction = pair(2, shape)
    assert math.isnan(ssim(truth, prediction, UNIT))
    assert math.isfinite(psnr(truth, prediction, UNIT))


@settings(deadline=None)
@given(
    frames=arrays.arrays(np.uint16, (2, 12, 13)),
    gain=st.floats(0.1, 10),
    offset=st.floats(-1e3, 1e3),
)
def test_scores_do_not_depend_on_the_unit_of_intensity(frames, gain, offset):
    truth, prediction = frames.astype(np.float64)
    scale = Range(100.0, 4000.0)
    other = Range(100.0 * gain + offset, 4000.0 * gain)
    for score in (psnr, ssim):
        here, there = score(truth, prediction, scale), score(gain * truth + offset, gain * prediction + offset, other)
        assert there == pytest.approx(here, rel=1e-6, abs=1e-6)
