"""Predictions become frames of the movie's dtype, rounded, clipped and honest about holes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cafi.engine.normalisation import Normalisation
from cafi.engine.predicting import Predictor, finished_frame
from cafi.engine.windows import AcquiredFrame, Slot, Window
from cafi.interpolators.protocol import Prediction
from cafi.movie.model import Header, Size


def header(dtype, bits=None, samples=1):
    return Header("m", Size(2, 1, 1, 1, 1), np.dtype(dtype), samples, significant_bits=bits)


def window(*frames, t=0.5):
    n = len(frames)
    acquired = tuple(f if isinstance(f, AcquiredFrame) else AcquiredFrame(f, f, None) for f in frames)
    return Window(Slot(1, 0), acquired, np.arange(n, dtype=np.float32) - n // 2 + 1, (True,) * n, t)


EMPTY = window(np.zeros((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.float32))


def finish(values, dtype, bits=None, offset=0.0, scale=1.0):
    prediction = np.asarray(values, np.float32).reshape(1, 1, -1)
    normalisation = Normalisation(np.array([offset]), np.array([scale]))
    return finished_frame(prediction, EMPTY, normalisation, header(dtype, bits))[0, 0].tolist()


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (np.uint8, [-3.0, 0.4, 0.6, 254.6, 300.0], [0, 0, 1, 255, 255]),
        (np.uint16, [-1.0, 1.5, 2.5, 70000.0], [0, 2, 2, 65535]),
        (np.int16, [-40000.0, -1.6, 40000.0], [-32768, -2, 32767]),
        (np.uint32, [-1.0, 5e9], [0, 2**32 - 1]),
        (np.float32, [-1.25, 1e30], [-1.25, float(np.float32(1e30))]),
    ],
)
def test_integers_are_rounded_and_clipped_to_the_dtype(dtype, values, expected):
    assert finish(values, dtype) == expected


def test_the_cameras_significant_bits_bound_the_result():
    assert finish([5000.0, 4094.7], np.uint16, bits=12) == [4095, 4095]


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_64_bit_limits_do_not_overflow(dtype):
    low, high = finish([-1e30, 1e30], dtype)
    assert low == np.iinfo(dtype).min
    assert high > np.iinfo(dtype).max * 0.999


def test_float16_does_not_become_infinite():
    assert finish([1e6], np.float16) == [float(np.finfo(np.float16).max)]


def test_offset_and_scale_are_undone():
    assert finish([0.5], np.uint16, offset=100, scale=1000) == [600]


def test_a_pixel_that_is_not_finite_at_one_end_is_nan_between_and_nowhere_else():
    hole = np.zeros((1, 4, 4), bool)
    hole[0, 1, 2] = True
    frames = [np.ones((1, 4, 4), np.float32)] * 2
    around = window(AcquiredFrame(frames[0], frames[0], hole), frames[1])
    made = finished_frame(frames[0], around, Normalisation(np.zeros(1), np.ones(1)), header(np.float32))
    assert np.argwhere(~np.isfinite(made)).tolist() == [[0, 1, 2]]


class Middle:
    """The mean of the two ends, and a record of the shapes seen."""

    name, summary, context, times, reach, zoom, classical, bytes_per_pixel = "m", "", 1, "any", 0, 1, True, 8

    def __init__(self, multiple=1, colour=False):
        self.multiple, self.colour, self.shapes = multiple, colour, []

    def predict(self, frames, frame_times, t, valid):
        self.shapes.append(tuple(frames.shape))
        return Prediction((frames[:, 0] * (1 - t)[:, None, None, None]) + frames[:, 1] * t[:, None, None, None])


@settings(deadline=None, max_examples=20)
@given(height=st.integers(1, 40), width=st.integers(1, 40), multiple=st.sampled_from([1, 4, 16]))
def test_frames_are_padded_to_the_multiple_and_cropped_again(height, width, multiple):
    rng = np.random.default_rng(0)
    ends = [rng.random((2, height, width), dtype=np.float32) for _ in range(2)]
    method = Middle(multiple)
    made = Predictor(method, torch.device("cpu"), None).predict([window(*ends, t=0.25)])
    np.testing.assert_allclose(made[0], 0.75 * ends[0] + 0.25 * ends[1], atol=1e-6)
    assert all(side % multiple == 0 for side in method.shapes[0][-2:])


def test_the_result_does_not_depend_on_the_batch():
    rng = np.random.default_rng(0)
    windows = [window(*rng.random((2, 1, 9, 7), dtype=np.float32), t=t) for t in (0.1, 0.5, 0.8)]
    predictor = Predictor(Middle(), torch.device("cpu"), None)
    together = predictor.predict(windows)
    alone = np.concatenate([predictor.predict([w]) for w in windows])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(("samples", "shape"), [(3, (4, 2, 3, 8, 9)), (1, (12, 2, 1, 8, 9))])
def test_methods_for_colour_see_every_channel_as_an_image(samples, shape):
    rng = np.random.default_rng(0)
    pairs = [rng.random((2, 6, 8, 9), dtype=np.float32) for _ in range(2)]
    windows = [window(*pair, t=t) for pair, t in zip(pairs, (0.25, 0.5), strict=True)]
    method = Middle(colour=True)
    made = Predictor(method, torch.device("cpu"), None, samples).predict(windows)
    assert method.shapes == [shape]
    np.testing.assert_array_equal(made, Predictor(Middle(), torch.device("cpu"), None).predict(windows))


class Layered(Middle):
    """The mean of the two ends through a layer that multiplies by a third."""

    classical = False

    def predict(self, frames, frame_times, t, valid):
        mean = super().predict(frames, frame_times, t, valid).mean
        self.seen = torch.nn.functional.conv2d(mean, torch.full((1, 1, 1, 1), 1 / 3))
        return Prediction(self.seen)


@pytest.mark.parametrize(
    ("precision", "dtype", "least", "most"),
    [("auto", torch.float32, 0, 1e-6), ("float32", torch.float32, 0, 1e-6), ("bfloat16", torch.bfloat16, 4e-5, 4e-3)],
)
def test_layers_compute_in_the_precision_that_was_asked_for(precision, dtype, least, most):
    ends = np.random.default_rng(0).random((2, 1, 9, 7), dtype=np.float32)
    method = Layered()
    made = Predictor(method, torch.device("cpu"), None, precision=precision).predict([window(*ends)])
    assert method.seen.dtype == dtype
    assert made.dtype == np.float32
    assert least <= np.abs(made[0] - ends.mean(0) / 3).max() <= most


def test_rgb_samples_come_out_last():
    prediction = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
    made = finished_frame(prediction, EMPTY, Normalisation(np.zeros(3), np.ones(3)), header(np.uint8, samples=3))
    assert made.shape == (1, 1, 1, 3)
    assert made[0, 0, 0].tolist() == [0, 1, 2]


class Strange(Middle):
    """Says of each channel that it is as strange as its first pixel is bright."""

    def predict(self, frames, frame_times, t, valid):
        made = super().predict(frames, frame_times, t, valid)
        return Prediction(made.mean, scale=made.mean, strangeness=frames[:, 0, :, 0, 0])


@pytest.mark.parametrize("side", [None, 4])
def test_how_strange_the_movie_is_to_the_method_is_told_for_each_channel(side):
    rng = np.random.default_rng(0)
    windows = [window(*rng.random((2, 3, 8, 8), dtype=np.float32), t=0.5) for _ in range(2)]
    predictor = Predictor(Strange(), torch.device("cpu"), side)
    step = side or 8
    # Of tiles the strangest counts.
    expected = [w.frames[0].normalised[:, ::step, ::step].max(axis=(1, 2)) for w in windows]
    brief, whole = predictor.estimate(windows, whole=False), predictor.estimate(windows)
    np.testing.assert_array_equal(brief.strangeness, expected)
    np.testing.assert_array_equal(whole.strangeness, expected)
    np.testing.assert_array_equal(brief.of(1).strangeness, expected[1:])
    assert (brief.scale, whole.scale.shape) == (None, whole.mean.shape)
