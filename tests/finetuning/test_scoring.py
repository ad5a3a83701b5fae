import numpy as np
import pytest

import cafi
from cafi.engine.options import EngineOptions
from cafi.finetuning.scoring import held_out, score
from cafi.finetuning.split import Area, Part
from cafi.interpolators import registry
from cafi.quality.metrics.intensity import psnr
from cafi.quality.metrics.ranges import movie_range
from cafi.quality.metrics.structure import ssim
from cafi.quality.results import Target
from tests.finetuning.helpers import noisy, reel_of


def test_every_frame_with_two_neighbours_is_held_out_once():
    part = Part(range(14, 20), range(16, 20), Area(0, 0, 8, 8))
    first, second = held_out(part, np.arange(20.0), 99)
    assert first.kept == (14, 16, 18)
    assert first.targets == (Target(17, 1, 0.5),)
    assert second.kept == (15, 17, 19)
    assert second.targets == (Target(16, 0, 0.5), Target(18, 1, 0.5))


def test_held_out_frames_are_spread_and_keep_their_true_times():
    part = Part(range(100), range(100), Area(0, 0, 8, 8))
    asked = held_out(part, np.arange(100.0) ** 2, 5)
    frames = sorted(target.frame for one in asked for target in one.targets)
    assert frames == [1, 25, 49, 74, 98]
    target = next(t for one in asked for t in one.targets if t.frame == 25)
    assert target.t == pytest.approx((25**2 - 24**2) / (26**2 - 24**2))


def test_scores_are_those_of_the_measured_frames_in_the_area(tmp_path):
    pixels = noisy(9, 64, 240)
    reel = reel_of(tmp_path / "a.tif", pixels)
    (found,) = score([reel], {"blended": registry.get("linear")}, EngineOptions(), lambda *_: None)
    with cafi.read(tmp_path / "a.tif") as movie:
        scale = movie_range(movie, 0)
    part = (slice(0, 64), slice(192, 240))
    pairs = [(pixels[t][part], (pixels[t - 1].astype(float) + pixels[t + 1])[part] / 2) for t in range(1, 8)]
    assert found.movie == "a.tif"
    assert found.method == "blended"
    assert found.frames == 7
    assert found.psnr == pytest.approx(np.mean([psnr(*pair, scale) for pair in pairs]), abs=1e-4)
    assert found.ssim == pytest.approx(np.mean([ssim(*pair, scale) for pair in pairs]), abs=1e-5)


def test_several_movies_share_the_frames_that_are_scored(tmp_path, monkeypatch):
    monkeypatch.setattr("cafi.finetuning.scoring.FRAMES", 6)
    reels = [reel_of(tmp_path / f"{i}.tif", noisy(60, seed=i)) for i in range(2)]
    found = score(reels, {"linear": registry.get("linear")}, EngineOptions(), lambda *_: None)
    assert [(one.movie, one.frames) for one in found] == [("0.tif", 3), ("1.tif", 3)]
