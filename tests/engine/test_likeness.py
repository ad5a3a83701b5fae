"""Small copies and their comparison, against sums written out."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.engine.likeness import ALIKE, BLANK, compare, small_copy


def scene(height, width, seed=0, sigma=4.0):
    blurred = gaussian_filter(np.random.default_rng(seed).standard_normal((height, width)), sigma)
    return (blurred / blurred.std() / 6 + 0.5).astype(np.float32)


def test_copies_are_means_over_blocks_and_channels():
    frame = np.random.default_rng(0).random((2, 130, 150), dtype=np.float32)
    copy = small_copy(frame)
    assert copy.block == 3
    assert copy.values.shape == (43, 50)
    mean = frame.mean(axis=0, dtype=np.float64)[:129].reshape(43, 3, 50, 3).mean(axis=(1, 3))
    # What was taken away is slow: neighbouring copy pixels differ as the block means do.
    np.testing.assert_allclose(np.diff(copy.values[20:22], axis=0), np.diff(mean[20:22], axis=0), atol=0.05)
    assert abs(copy.values.mean()) < 1e-6


def test_shading_that_stays_in_place_does_not_make_frames_alike():
    shading = np.linspace(-1, 1, 256, dtype=np.float32)[:, None] ** 2
    first, second = (small_copy((scene(256, 256, seed) + shading)[None]) for seed in (1, 2))
    assert compare(first, second).still < 0.3


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (26, -51), (-90, 13)])
def test_a_shift_is_measured_in_pixels_of_the_frame(dy, dx):
    wide = scene(500, 500)
    first = wide[100:356, 100:356]
    second = wide[100 - dy : 356 - dy, 100 - dx : 356 - dx]
    likeness = compare(small_copy(first[None]), small_copy(second[None]))
    assert likeness.shift == pytest.approx((dy, dx), abs=2)
    assert likeness.best > 0.85
    assert likeness.travel == pytest.approx(max(abs(dy), abs(dx)) / 256, abs=0.01)
    assert likeness.still == pytest.approx(likeness.best) if (dy, dx) == (0, 0) else likeness.still < 0.4


def test_blank_and_tiny_frames():
    flat, shows = small_copy(np.full((1, 64, 64), 0.3, np.float32)), small_copy(scene(64, 64)[None])
    assert compare(flat, shows) is BLANK
    assert compare(shows, flat) is BLANK
    assert compare(flat, flat) is ALIKE
    tiny = [small_copy(scene(9, 300, seed)[None]) for seed in (0, 1)]
    assert compare(*tiny) is ALIKE


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 200), (1, 7, 2)])
def test_any_shape_has_a_copy(shape):
    copy = small_copy(np.zeros(shape, np.float32))
    assert copy.flat


def test_noise_shows_no_structure():
    noise = np.random.default_rng(0).random((1, 64, 64), dtype=np.float32)
    assert not small_copy(noise).structured
    assert small_copy(scene(64, 64)[None]).structured
