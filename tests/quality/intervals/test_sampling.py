"""What the calibration pass learns from: pixels that the camera measured, on either side and in between."""

import numpy as np

from cafi.engine.interpolation import prepare
from cafi.engine.normalisation import measure
from cafi.engine.options import EngineOptions
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.intervals.sampling import collect


def test_saturated_pixels_are_left_out_be_they_held_out_or_beside():
    pixels = np.random.default_rng(0).integers(90, 110, (19, 1, 1, 16, 20), np.uint8)
    pixels[5, ..., :4, :5] = 255
    pixels[12, ..., 3:5, 10:16] = 255
    movie = array_movie(pixels)
    normalisation = measure(movie)
    predictor = prepare(registry.get("linear"), movie.header, EngineOptions())
    [samples] = collect(predictor, movie, hold_out(movie, 2), normalisation, lambda done, total: None)
    # Frames 1, 3, ... 17 were held out: 5 is saturated itself, 11 and 13 have frame 12 beside them.
    saturated = [0, 0, 20, 0, 0, 12, 12, 0, 0]
    assert [sample.saturated for sample in samples] == saturated
    assert [len(sample.error) for sample in samples] == [320 - count for count in saturated]
    # Counts of 90 to 109 cannot be predicted from others of them with an error above 19.
    assert max(abs(sample.error).max() for sample in samples) * normalisation.scale[0] <= 19.01
