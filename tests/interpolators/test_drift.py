"""The shift of a whole field is found where it is large, and only there."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.interpolators.classical.drift import LEAST, common_shift

WIDE = gaussian_filter(np.random.default_rng(0).normal(size=(400, 500)), 4).astype(np.float32)
NOISE = 0.3 * WIDE.std() * np.random.default_rng(1).normal(size=(2, 400, 500)).astype(np.float32)


def pair(x, y, height=200, width=260):
    """Two noisy views of a field, of which the second lies so that what is in it moved by (x, y)."""
    first, second = WIDE + NOISE[0], WIDE + NOISE[1]
    return first[90 : 90 + height, 100 : 100 + width], second[90 - y : 90 - y + height, 100 - x : 100 - x + width]


@pytest.mark.parametrize(
    ("x", "y", "height", "width"),
    [
        (30, 0, 200, 260),
        (-21, 12, 200, 260),
        (0, -45, 200, 260),
        (60, 45, 200, 260),
        (30, 0, 64, 96),
        (-21, 12, 64, 96),
    ],
)
def test_it_finds_a_large_shift(x, y, height, width):
    step = height // 64
    assert common_shift(*pair(x, y, height, width)) == pytest.approx((x, y), abs=step)


@pytest.mark.parametrize("x", [0, 1, round(LEAST) - 4])
def test_small_shifts_are_left_to_optical_flow(x):
    assert common_shift(*pair(x, 0)) is None


@pytest.mark.parametrize("seed", range(10))
def test_mere_noise_does_not_drift(seed):
    first, last = np.random.default_rng(seed).normal(size=(2, 40, 48)).astype(np.float32)
    assert common_shift(first, last) is None


def test_where_nothing_is_common_there_is_no_shift():
    first, _ = pair(0, 0)
    assert common_shift(first, NOISE[1, :200, :260]) is None
    assert common_shift(first * 0, first * 0) is None
    assert common_shift(first, first * 0) is None
