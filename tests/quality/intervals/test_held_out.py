"""Intervals of held-out frames are those of the times at which these frames were captured."""

import numpy as np
from scipy.ndimage import gaussian_filter

from cafi.engine.options import EngineOptions
from cafi.interpolators.classical.linear import Linear
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.intervals.held_out import calibrate_held_out
from cafi.quality.prediction import seen_normalisation
from cafi.quality.scoring import Check


class MiddleAlone(Linear):
    """Linear blending in the middle of a gap; doubling again and again, it is linear blending at all times."""

    times = "middle"

    def predict(self, frames, frame_times, t, valid):
        assert (t == 0.5).all()
        return super().predict(frames, frame_times, t, valid)


def test_a_method_for_the_middle_alone_is_repeated_for_held_out_frames_elsewhere():
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.standard_normal((40, 200)), 3)
    drifting = np.stack([scene[:, 3 * t : 3 * t + 40] for t in range(41)]) / scene.std()
    pixels = 1000 + 300 * drifting + 10 * rng.standard_normal(drifting.shape)
    movie = array_movie(pixels.astype(np.float32)[:, None, None])
    held_out = hold_out(movie, 4)
    check = Check(movie, held_out, {}, seen_normalisation(movie, held_out), EngineOptions())
    widths = []
    for method in (Linear(), MiddleAlone()):
        found = calibrate_held_out(check, method, lambda _done, _of: None)
        made = list(found.widths({17, 18, 19}, 0))
        assert [target.t for target, _ in made] == [0.25, 0.5, 0.75]
        widths.append(np.stack([planes[0] for _, planes in made]))
    np.testing.assert_allclose(widths[1], widths[0], rtol=1e-4)
