"""A held-out check predicts what `cafi interpolate` would, and the truth does not leak into it."""

import numpy as np
import pytest

import cafi
from cafi.engine.options import EngineOptions
from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.interpolators.protocol import Prediction
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.prediction import predict


def texture(count=7, channels=1, depths=1, side=32, dtype=np.uint16):
    """Drifting smooth texture, another in each channel and depth."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.standard_normal((channels, depths, side, side)), (0, 0, 2, 2), mode="wrap")
    scene = 2000 + 300 * scene / scene.std()
    return np.stack([np.roll(scene, (t, 2 * t), (-2, -1)) for t in range(count)]).astype(dtype)


@pytest.mark.parametrize("method", ["cubic", "optical_flow", "kymo"])
def test_predictions_are_those_of_cafi_interpolate(tmp_path, method):
    from cafi.movie.options import WriteOptions
    from cafi.movie.writing import write_movie

    movie = array_movie(texture(dtype=np.float32))
    held_out = hold_out(movie, 2)
    write_movie(kept_movie(movie, held_out), tmp_path / "half.ome.tif", WriteOptions())
    cafi.interpolate(tmp_path / "half.ome.tif", tmp_path / "out.ome.tif", method=method)
    made = {target.frame: p.mean for target, p in predict(registry.get(method), movie, held_out)}
    assert sorted(made) == [1, 3, 5]
    with cafi.read(tmp_path / "out.ome.tif") as out:
        for frame, mean in made.items():
            np.testing.assert_allclose(mean, out.frame(frame, 0), rtol=2e-5)


def test_the_truth_is_not_seen():
    pixels = texture()
    held_out = hold_out(array_movie(pixels), 2)
    spoiled = pixels.copy()
    spoiled[1::2] = 65_000
    for method in ("linear", "optical_flow", "kymo"):
        pairs = [list(predict(registry.get(method), array_movie(p), held_out)) for p in (pixels, spoiled)]
        for (_, here), (_, there) in zip(*pairs, strict=True):
            np.testing.assert_array_equal(here.mean, there.mean)


def test_every_channel_and_depth_of_every_target_is_predicted_unrounded():
    movie = array_movie(texture(5, channels=2, depths=3, side=64))
    held_out = hold_out(movie, 4)
    found = list(predict(registry.get("linear"), movie, held_out))
    assert [(p.z, target.frame) for target, p in found] == [(z, f) for z in range(3) for f in (1, 2, 3)]
    for target, p in found:
        first, last = movie.frame(0, p.z), movie.frame(4, p.z)
        np.testing.assert_allclose(p.mean, first + target.t * (last.astype(float) - first), atol=0.01)
    assert any((p.mean % 1 > 0.1).any() for _, p in found)


class Middle:
    """Predicts the mean of both ends, only at t = 0.5, with a scale and a motion of its own."""

    name, summary, context, times, reach, multiple, zoom = "m", "", 1, "middle", 0, 1, 1
    classical, colour, bytes_per_pixel = True, False, 2000

    def predict(self, frames, frame_times, t, valid):
        assert t.tolist() == [0.5] * len(t)
        ends = frames[:, 0], frames[:, 1]
        motion = frames[:, :1].expand(-1, 2, 2, -1, -1) * 1.0
        motion[:, 1, 1] = 7
        return Prediction((ends[0] + ends[1]) / 2, (ends[1] - ends[0]).abs(), motion)


@pytest.mark.parametrize("memory", ["2GB", "1MB"])
def test_scale_comes_in_the_movies_unit_and_motion_in_pixels_whole_or_tiled(memory):
    pixels = texture(3, side=48)
    movie = array_movie(pixels, times=np.array([0.0, 0.99, 2.0]))
    [(target, found)] = predict(Middle(), movie, hold_out(movie, 2), EngineOptions(memory=memory))
    assert target.t == pytest.approx(0.495)
    ends = pixels[0, 0].astype(float), pixels[2, 0].astype(float)
    np.testing.assert_allclose(found.mean, (ends[0] + ends[1]) / 2, rtol=1e-5)
    np.testing.assert_allclose(found.scale, abs(ends[0] - ends[1]), atol=0.05)
    assert found.motion.shape == (2, 2, 48, 48)
    assert found.motion[1, 1].tolist() == np.full((48, 48), 7).tolist()
    assert np.ptp(found.motion[0]) == pytest.approx(
        np.ptp(ends[0]) / (np.percentile(ends, 99.9) - np.percentile(ends, 0.1)), rel=0.1
    )


def test_a_method_for_middles_is_refused_other_times():
    movie = array_movie(texture(4))
    with pytest.raises(CafiError, match=r"only the middle of a gap.* hold out with --drop 2, 4, 8 or 16"):
        list(predict(Middle(), movie, hold_out(movie, 3)))


def test_a_cut_is_answered_with_a_copy():
    pixels = texture(13, side=64)
    pixels[7:] = 0
    movie = array_movie(pixels)
    found = {target.frame: p for target, p in predict(registry.get("linear"), movie, hold_out(movie, 2))}
    assert [frame for frame, p in found.items() if p.copied] == [7]
    np.testing.assert_array_equal(found[7].mean[0], pixels[6, 0, 0])


def test_a_hole_beside_a_held_out_frame_is_a_hole_in_its_prediction():
    pixels = texture(5, channels=2, dtype=np.float32)
    pixels[2, 1, 0, 4, 5], pixels[4, 0, 0, 7, 8] = np.nan, np.inf
    movie = array_movie(pixels)
    holes = {
        target.frame: np.argwhere(np.isnan(p.mean)).tolist()
        for target, p in predict(registry.get("linear"), movie, hold_out(movie, 2))
    }
    assert holes == {1: [[1, 4, 5]], 3: [[0, 7, 8], [1, 4, 5]]}
