"""A spot that covers less than a thousandth of the frame is moved, not smeared."""

import numpy as np
import pytest

from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.prediction import predict


@pytest.mark.parametrize("peak", [60_000, 5000])
def test_kymo_keeps_a_single_bright_spot_whole_and_in_its_place(peak):
    y, x = np.mgrid[:448, :448]
    frames = np.stack([peak * np.exp(-((y - 60 - 2 * t) ** 2 + (x - 90 - 3 * t) ** 2) / 4.5) for t in range(7)])
    noisy = np.random.default_rng(0).poisson(frames).astype(np.uint16)
    whole = array_movie(noisy[:, None, None])
    for target, made in predict(registry.get("kymo"), whole, hold_out(whole, 2)):
        spot, mean = frames[target.frame], np.asarray(made.mean[0], float)
        near = spot > 0.01 * peak
        assert mean[near].sum() == pytest.approx(spot[near].sum(), rel=0.06)
        assert mean.max() == pytest.approx(spot.max(), rel=0.2)
        for axis in (y, x):
            there, here = ((axis * part)[near].sum() / part[near].sum() for part in (spot, mean))
            assert here == pytest.approx(there, abs=0.2)
