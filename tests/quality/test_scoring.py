"""One method is scored on all its frames, or on a fixed choice, with the definitions of the metrics."""

import numpy as np
import pytest

from cafi.engine.options import EngineOptions
from cafi.interpolators import registry
from cafi.interpolators.protocol import Prediction
from cafi.movie.arrays import array_movie
from cafi.quality import scoring
from cafi.quality.heldout import hold_out
from cafi.quality.metrics import psnr, ssim
from cafi.quality.metrics.microssim import fit_micro_scale, micro_ssim
from cafi.quality.metrics.ranges import movie_range
from cafi.quality.prediction import seen_normalisation
from cafi.quality.scoring import Check, score_method


def noisy(count=9, channels=1, depths=1, side=24, samples=None):
    shape = (count, channels, depths, side, side) + (() if samples is None else (samples,))
    return np.random.default_rng(0).integers(90, 200, shape).astype(np.uint8)


def check_of(pixels, drop=2, channels=None):
    movie = array_movie(pixels)
    held_out = hold_out(movie, drop)
    ranges = {c: movie_range(movie, c) for c in (channels or range(pixels.shape[1]))}
    return Check(movie, held_out, ranges, seen_normalisation(movie, held_out), EngineOptions())


def blend(pixels, frame, kept, c=0, z=0):
    before, after = (pixels[i, c, z].astype(float) for i in kept)
    return before + (frame - kept[0]) / (kept[1] - kept[0]) * (after - before)


def test_scores_are_those_of_the_unrounded_prediction_averaged_over_depths():
    pixels = noisy(7, channels=2, depths=3)
    check = check_of(pixels, drop=3, channels=[1])
    found = score_method(check, registry.get("linear"))
    assert [(s.frame, s.gap, s.channel) for s in found.scores] == [(1, 0, 1), (2, 0, 1), (4, 1, 1), (5, 1, 1)]
    scale = check.ranges[1]
    made = [blend(pixels, 4, (3, 6), c=1, z=z) for z in range(3)]
    for name, score in (("psnr", psnr), ("ssim", ssim)):
        expected = np.mean([score(pixels[4, 1, z], made[z], scale) for z in range(3)])
        assert found.scores[2].values[name] == pytest.approx(expected, abs=1e-5)
    assert found.run.gaps == (0, 1)
    assert not found.run.subset
    assert found.planes == 12


def test_one_scale_of_micro_ssim_holds_for_all_frames_of_a_method():
    pixels = noisy()
    found = score_method(check_of(pixels), registry.get("linear"))
    made = [blend(pixels, t, (t - 1, t + 1)) for t in (1, 3, 5, 7)]
    truth = [pixels[t, 0, 0] for t in (1, 3, 5, 7)]
    order = check_of(pixels).order
    scale = fit_micro_scale([truth[g] for g in order], [made[g] for g in order])
    expected = [micro_ssim(a, b, scale) for a, b in zip(truth, made, strict=True)]
    assert [s.values["micro_ssim"] for s in found.scores] == pytest.approx(expected, abs=1e-5)


def test_long_movies_are_scored_as_short_ones_are(monkeypatch):
    whole = score_method(check_of(noisy(21)), registry.get("linear"))
    monkeypatch.setattr(scoring, "FIRST_FRAMES", 3)
    streamed = score_method(check_of(noisy(21)), registry.get("linear"))
    assert [s.frame for s in streamed.scores] == list(range(1, 21, 2))
    for here, there in zip(whole.scores, streamed.scores, strict=True):
        assert here.values["ssim"] == there.values["ssim"]


def test_rgb_is_scored_by_its_grey_values():
    pixels = noisy(3, samples=3)
    [score] = score_method(check_of(pixels), registry.get("linear")).scores
    grey = pixels[:, 0, 0].mean(axis=-1)
    expected = psnr(grey[1], (grey[0] + grey[2]) / 2, check_of(pixels).ranges[0])
    assert score.values["psnr"] == pytest.approx(expected, abs=1e-5)


class Slow:
    """Blends, and a clock moves on by a quarter of a second with every window."""

    name, summary, context, times, reach, multiple, zoom = "slow", "", 1, "any", 0, 1, 1
    classical, colour, bytes_per_pixel, now = True, False, 8, 0.0

    def predict(self, frames, frame_times, t, valid):
        self.now += 0.25 * len(frames)
        return Prediction(frames.mean(dim=1))

    def monotonic(self):
        return self.now


def test_a_slow_method_fills_a_fixed_choice_of_gaps_in_its_time(monkeypatch):
    monkeypatch.setattr(scoring, "FIRST_FRAMES", 2)
    check, slow = check_of(noisy(81)), Slow()
    monkeypatch.setattr(scoring, "time", slow)
    found = score_method(check, slow, seconds=5.0)
    assert found.run.subset
    assert found.run.gaps == tuple(sorted(check.order[:20]))
    assert {s.gap for s in found.scores} == set(found.run.gaps)
    assert score_method(check, slow, seconds=0.0).run.gaps == (check.order[0],)
    assert not score_method(check, slow, seconds=10.0).run.subset


def test_a_cut_is_not_scored():
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    scene = 100 + 20 * gaussian_filter(rng.standard_normal((64, 64)), 2) / 0.14
    pixels = np.stack([np.roll(scene, t, 0) for t in range(13)])[:, None, None].astype(np.uint8)
    pixels[7:] = 0
    found = score_method(check_of(pixels), registry.get("linear"))
    assert found.broken == (3,)
    assert found.run.gaps == (0, 1, 2, 4, 5)
    assert 7 not in {s.frame for s in found.scores}
