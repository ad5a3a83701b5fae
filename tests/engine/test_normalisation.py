"""Normalisation is one offset and one scale for each channel, undone exactly enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cafi.engine.normalisation import MAX_FRAMES, channels_first, measure, samples_last
from tests.helpers import array_movie


def test_percentiles_of_the_whole_movie_are_taken_for_each_channel():
    pixels = np.random.default_rng(1).integers(0, 4000, (5, 2, 3, 20, 30)).astype(np.uint16)
    pixels[:, 1] += 10_000
    found = measure(array_movie(pixels))
    low, high = np.percentile(np.moveaxis(pixels, 1, 0).reshape(2, -1), (0.1, 99.9), axis=1)
    np.testing.assert_allclose(found.offset, low)
    np.testing.assert_allclose(found.scale, high - low)


def test_at_most_32_frames_are_read_and_always_the_same_ones():
    pixels = np.random.default_rng(2).integers(0, 255, (500, 1, 1, 8, 8)).astype(np.uint8)
    movie = array_movie(pixels)
    first, second = measure(movie), measure(movie)
    assert len(movie.source.reads) == 2 * MAX_FRAMES
    assert movie.source.reads[:MAX_FRAMES] == movie.source.reads[MAX_FRAMES:]
    times = [t for t, _, _ in movie.source.reads[:MAX_FRAMES]]
    assert np.diff(times).max() < 2 * 500 / MAX_FRAMES
    np.testing.assert_array_equal(first.scale, second.scale)


def test_a_constant_channel_has_scale_one():
    found = measure(array_movie(np.full((3, 1, 1, 4, 4), 7, np.uint8)))
    assert found.offset.tolist() == [7]
    assert found.scale.tolist() == [1]


def test_few_bright_pixels_lie_within_ten_scales_but_a_single_one_decides_nothing():
    pixels = np.zeros((5, 1, 1, 200, 200), np.uint16)
    pixels[..., 50:53, 60:63] = 600
    pixels[..., 51, 61] = 1000
    found = measure(array_movie(pixels))
    assert (found.offset[0], found.scale[0]) == (0, 60)
    pixels[...] = np.arange(200)  # 0.1 to 99.9 percentile: 0 to 199
    pixels[:, :, :, 0, 0] = 60_000
    assert measure(array_movie(pixels)).scale[0] == pytest.approx(199, abs=1)


def test_pixels_that_are_not_finite_do_not_count():
    pixels = np.linspace(0, 1, 3 * 100, dtype=np.float32).reshape(3, 1, 1, 10, 10)
    pixels[1, 0, 0, 2, 3] = np.nan
    pixels[2, 0, 0, 2, 3] = np.inf
    found = measure(array_movie(pixels))
    finite = pixels[np.isfinite(pixels)]
    assert found.offset[0] == pytest.approx(np.percentile(finite, 0.1))
    assert found.scale[0] == pytest.approx(np.ptp(np.percentile(finite, (0.1, 99.9))))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.float32, np.float64])
def test_undoing_gives_back_the_values(dtype):
    rng = np.random.default_rng(3)
    dtype = np.dtype(dtype)
    top = np.iinfo(dtype).max if dtype.kind in "iu" else 1e3
    frame = (rng.random((1, 50, 50)) * top).astype(dtype)
    normalisation = measure(array_movie(frame[None, :, None]))
    back = normalisation.undo(normalisation.apply(frame), dtype)
    spread = float(normalisation.scale[0])
    assert np.abs(back.astype(np.float64) - frame.astype(np.float64)).max() <= 1e-6 * spread


@given(c=st.integers(1, 3), s=st.integers(1, 4), y=st.integers(1, 5), x=st.integers(1, 5))
def test_samples_and_channels_change_places_and_back(c, s, y, x):
    shape = (c, y, x) if s == 1 else (c, y, x, s)
    frame = np.arange(np.prod(shape)).reshape(shape)
    first = channels_first(frame)
    assert first.shape == (c * s, y, x)
    np.testing.assert_array_equal(samples_last(first, s), frame)
