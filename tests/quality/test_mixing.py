"""How much to mix in is what brings predictions closest to held-out frames, and nothing where that is not clear."""

import numpy as np
import pytest
import torch

from cafi.engine.options import EngineOptions
from cafi.interpolators import registry
from cafi.interpolators.mixed import Mixed
from cafi.interpolators.protocol import Prediction
from cafi.movie.arrays import array_movie
from cafi.quality import mixing
from cafi.quality.heldout import hold_out, kept_movie
from cafi.quality.mixing import best_share, mixed


class Off:
    """Linear blending with a pattern added to it, which it says moved by so much."""

    name, summary, context, times, reach, multiple, zoom = "off", "", 1, "any", None, 1, 1
    classical, colour, bytes_per_pixel, mixes = True, False, 100, True

    def __init__(self, moved=0.0, wrong=0.1):
        self.moved, self.wrong, self.calls = moved, wrong, []

    def predict(self, frames, frame_times, t, valid):
        self.calls.append(tuple(frames.shape))
        blend = torch.lerp(frames[:, 0], frames[:, 1], t[:, None, None, None])
        pattern = torch.arange(blend.shape[-1]) % 2 - 0.5
        motion = torch.zeros(len(blend), 2, 2, *blend.shape[-2:])
        motion[:, 1] = self.moved
        return Prediction(blend + self.wrong * pattern, motion=motion)


def movie(count=17, side=32, slope=(1.0, 1.0), noise=(0.0, 0.0)):
    """Two channels that brighten steadily, so that linear blending is right but for noise."""
    rng = np.random.default_rng(0)
    scene = 1000 + 100 * rng.standard_normal((2, side, side))
    steady = scene + np.arange(count)[:, None, None, None] * np.array(slope)[:, None, None]
    noisy = steady + np.array(noise)[:, None, None] * rng.standard_normal(steady.shape)
    return array_movie(noisy[:, :, None].astype(np.float32))


def test_what_is_only_wrong_is_replaced():
    method = mixed(Off(), movie())
    assert isinstance(method, Mixed)
    # 0.1 / 2 squared is the error; what the damping leaves of it is 1e-4.
    np.testing.assert_allclose(method.shares, [1, 1], atol=2e-4)


def test_each_channel_has_its_own_share_that_is_the_least_square_error():
    # Noise of the held-out frame and of the blend (1.5 times that of a frame) do not depend on the pattern, so still 1
    # is best where the pattern is wrong; where the pattern is what was measured, 0 is.
    pattern = (np.arange(32) % 2 - 0.5).astype(np.float32)
    made = movie(noise=(3.0, 3.0))
    pixels = np.stack([made.frame(t, 0) for t in range(17)])
    normal = mixing.normalising.measure(made)
    pixels[1::2, 1] += 0.1 * pattern * normal.scale[1]  # what is held out shows it in the second channel
    shares = mixed(Off(), array_movie(pixels[:, :, None]), normalisation=normal).shares
    assert shares[0] > 0.9
    assert shares[1] == 0


def test_the_share_is_less_by_its_standard_error():
    rng = np.random.default_rng(1)
    change, gain = rng.uniform(0.5, 1, 8), rng.uniform(0.2, 0.5, 8)
    grid = np.linspace(0, 1, 100_001)
    best = grid[np.argmin(grid**2 * (change + mixing.DAMPING).sum() - 2 * grid * gain.sum())]
    without = [
        grid[np.argmin(grid**2 * (np.delete(change, i) + mixing.DAMPING).sum() - 2 * grid * np.delete(gain, i).sum())]
        for i in range(8)
    ]
    error = np.sqrt(7 / 8 * ((without - np.mean(without)) ** 2).sum())
    assert error > 0.02
    assert best_share(np.stack([change, gain], 1)) == pytest.approx(best - error, abs=3e-5)


@pytest.mark.parametrize(
    "frames",
    [
        [[1.0, 0.5]] * 2,  # too few
        [[1.0, -0.5]] * 8,  # it would be worse
        [[1.0, 0.04]] * 8,  # too little
        [[1e-6, 1e-6]] * 8,  # changes nothing
        [[1.0, 1.0], [1.0, -0.8]] * 4,  # frames disagree
        [[np.nan, np.nan]] * 8,  # nothing left to explain
    ],
)
def test_no_share_where_it_is_not_clear(frames):
    assert best_share(np.array(frames)) == 0


def test_nothing_is_mixed_where_things_move_or_the_movie_is_short_or_the_method_does_not_mix():
    for method, seen in ((Off(moved=10.0), movie()), (Off(), movie(6)), (registry.get("linear"), movie())):
        assert mixed(method, seen) is method
    assert isinstance(mixed(Off(), movie(7)), Mixed)


def test_few_frames_and_the_middle_of_large_ones_are_looked_at(monkeypatch):
    monkeypatch.setattr(mixing, "SIDE", 20)
    method = Off()
    mixed(method, movie(101), EngineOptions())
    assert method.calls == [(1, 2, 2, 20, 20)] * mixing.MOST_FRAMES


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_holes_are_left_out(hole):
    pixels = np.stack([movie().frame(t, 0) for t in range(17)])
    pixels[:, :, :5] = hole
    np.testing.assert_allclose(mixed(Off(), array_movie(pixels[:, :, None])).shares, [1, 1], atol=2e-4)


def slow_and_sharp(count=33, side=96):
    """Fine detail that drifts by a twentieth of a pixel from frame to frame, with hardly any noise."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:side, :side]
    waves = rng.uniform(-2.2, 2.2, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
    frames = [
        sum(np.cos(ky * y + kx * (x - 0.05 * t) + phase) for (ky, kx), phase in zip(*waves, strict=True))
        for t in range(count)
    ]
    noisy = 1000 + 30 * np.array(frames) + rng.standard_normal((count, side, side))
    return array_movie(noisy[:, None, None].astype(np.float32))


def test_kymo_gains_on_a_slow_and_sharp_movie():
    from cafi.quality.prediction import predict

    whole = slow_and_sharp()
    held_out = hold_out(whole, 2)

    def error(method):
        return np.mean([((whole.frame(t.frame, 0) - p.mean) ** 2).mean() for t, p in predict(method, whole, held_out)])

    kymo = registry.get("kymo")
    method = mixed(kymo, kept_movie(whole, held_out))
    assert isinstance(method, Mixed)
    assert error(method) < 0.6 * error(kymo)
    assert error(method) < 1.1 * error(registry.get("linear"))
