"""A metric refuses what it cannot judge, and says what it needs."""

import math

import numpy as np
import pytest

from cafi.movie.arrays import array_movie
from cafi.quality.metrics import Range, intensity_range, psnr
from cafi.quality.metrics.catalogue import METRICS, Sample, measure, metric
from cafi.quality.metrics.microssim import MicroScale
from cafi.quality.metrics.ranges import grey, movie_range

RNG = np.random.default_rng(0)


def sample(side=180, **changes):
    frames = RNG.normal(100, 10, (4, side, side)).astype(np.float32)
    micro = MicroScale(80.0, 80.0, 60.0, 1.0)
    made = dict(zip(("truth", "prediction", "before", "after"), frames, strict=True))
    return Sample(**(made | {"t": 0.5, "scale": Range(70.0, 60.0), "micro": micro} | changes))


def test_a_large_varied_frame_gets_every_score():
    values, refused = measure(sample())
    assert refused == ()
    assert set(values) == {m.name for m in METRICS}
    assert all(math.isfinite(value) for value in values.values())


@pytest.mark.parametrize(
    ("given", "names", "words"),
    [
        (sample(side=100), {"ms_ssim"}, "at least 176 pixels"),
        (sample(side=10), {"ssim", "micro_ssim"}, "at least 11 pixels"),
        (sample(prediction=np.ones((180, 180))), {"pearson", "gain", "bias", "frc", "nrmse_published"}, "not constant"),
        (sample(truth=np.ones((180, 180))), {"micro_ssim"}, "not constant"),
        (sample(micro=None), {"micro_ssim"}, "more than background"),
    ],
)
def test_a_metric_refuses_what_it_cannot_judge(given, names, words):
    values, refused = measure(given)
    told = dict(refused)
    for name in names:
        assert math.isnan(values[name])
        assert words in told[name]
    assert math.isfinite(values["psnr"])


def test_pixels_that_are_not_finite_are_left_out_where_a_metric_takes_pixels_one_by_one():
    whole = sample()
    holed = whole.prediction.copy()
    holed[:2] = np.nan
    values, refused = measure(sample(truth=whole.truth, prediction=holed))
    assert values["psnr"] == pytest.approx(psnr(whole.truth[2:], whole.prediction[2:], whole.scale))
    assert {"ssim", "frc", "flicker"} <= {name for name, _ in refused}


def test_a_metric_says_what_is_good():
    assert (metric("psnr").best, metric("nrmse").best, metric("noise_ratio").best) == ("high", "low", "none")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.uint32])
def test_the_range_of_a_movie_is_that_of_all_its_pixels(dtype):
    pixels = (
        RNG.integers(0, 100, (5, 2, 3, 20, 21)) ** 2 if dtype != np.uint8 else RNG.integers(0, 255, (5, 2, 3, 20, 21))
    )
    pixels = pixels.astype(dtype)
    expected = intensity_range(pixels[:, 1])
    found = movie_range(array_movie(pixels), 1)
    assert (found.low, found.width) == pytest.approx((expected.low, expected.width), rel=1e-12)


def test_an_rgb_movie_is_judged_by_its_grey_values():
    pixels = RNG.integers(0, 255, (3, 1, 1, 8, 8, 3)).astype(np.uint8)
    assert movie_range(array_movie(pixels), 0) == intensity_range(pixels.mean(axis=-1))
    assert grey(pixels[0, 0, 0]).shape == (8, 8)
