"""The high-pass noise ratio, against what averaging does to white noise."""

import numpy as np
import pytest

from cafi.engine.noise import high_pass_noise, median_ratios, noise_ratios


def white(sigma, shape=(1, 512, 512), seed=0):
    return (sigma * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.01, 3.0])
def test_white_noise_measures_its_standard_deviation(sigma):
    assert high_pass_noise(white(sigma)) / 0.6745 == pytest.approx([sigma], rel=0.01)


def test_smooth_structure_and_straight_edges_do_not_count():
    y, x = np.mgrid[:512, :512].astype(np.float32)
    edges = 100.0 * (y > 200) + 50.0 * (x > 301) + 0.3 * y - 0.1 * x
    assert high_pass_noise((edges + white(1.0)[0])[None]) / 0.6745 == pytest.approx([1.0], rel=0.02)


@pytest.mark.parametrize("t", [0.5, 0.25])
def test_the_average_of_two_noisy_frames(t):
    first, second = white(2.0, seed=1), white(2.0, seed=2)
    ratio = noise_ratios((1 - t) * first + t * second, high_pass_noise(first), high_pass_noise(second))
    assert ratio == pytest.approx([np.hypot(1 - t, t)], rel=0.02)


def test_channels_are_apart_and_samples_together():
    ends = high_pass_noise(white(1.0, (6, 256, 256)))
    made = white(1.0, (6, 256, 256), seed=1) * np.array([1, 1, 1, 2, 4, 6], np.float32)[:, None, None]
    assert noise_ratios(made, ends, ends) == pytest.approx([1, 1, 1, 2, 4, 6], rel=0.03)
    assert noise_ratios(made, ends, ends, samples=3) == pytest.approx([1, 4], rel=0.03)


@pytest.mark.parametrize("shape", [(1, 64, 64), (2, 1, 9), (1, 7, 1)])
def test_frames_without_noise_have_no_ratio(shape):
    still = np.ones(shape, np.float32)
    none = high_pass_noise(still)
    assert none.tolist() == [0.0] * shape[0]
    assert noise_ratios(still, none, none) == [None] * shape[0]


def test_the_median_over_frames():
    assert median_ratios([[0.5, None], [0.7, None], [0.6, 0.9]]) == [0.6, 0.9]
    assert median_ratios([[None], [None]]) == [None]
    assert median_ratios([]) == []
