import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.quality.displacement import (
    DisplacementCheck,
    DisplacementError,
    displacement,
    read_displacement_errors,
    write_displacement_errors,
)
from cafi.quality.heldout import hold_out
from cafi.quality.metrics.ranges import Range
from tests.helpers import array_movie


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    made = gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 3)
    return (made - made.min()) / np.ptp(made)


@pytest.mark.parametrize("shift", [0, 2, 5])
def test_displacement_is_what_things_moved(shift: int) -> None:
    scene = texture(128, 160)
    found = displacement(scene[:, 16:144], scene[:, 16 - shift : 144 - shift])
    assert found.shape == (4, 4)
    assert np.median(found) == pytest.approx(shift, abs=0.15)


def test_noise_alone_is_hardly_a_displacement() -> None:
    draw = np.random.default_rng(1)
    scene = texture(128, 128)
    first, last = (scene + draw.normal(0, 0.03, scene.shape) for _ in range(2))
    assert np.median(displacement(first, last)) < 0.3
    bare = [draw.normal(0, 0.03, scene.shape) for _ in range(2)]
    assert np.isnan(displacement(*bare)).all()
    half = [np.where(np.arange(128) < 64, seen, noise) for seen, noise in zip((first, last), bare, strict=True)]
    assert np.isnan(displacement(*half))[:, [0, 3]].tolist() == [[False, True]] * 4


def test_errors_are_pooled_where_things_move_alike() -> None:
    # The upper half stands still, the lower one moves by 3 px a frame: 6 px over each gap.
    scene = texture(64, 256)
    frames = np.stack([np.vstack([scene[:, 60:188], scene[:, 60 - 3 * t : 188 - 3 * t]]) for t in range(13)])
    movie = array_movie((1000 * frames).astype(np.uint16)[:, None, None])
    held_out = hold_out(movie, 2)
    check = DisplacementCheck(movie, held_out, {0: Range(0.0, 1000.0)})
    for target in held_out.targets:
        truth = movie.source.read(target.frame, 0, 0)
        wrong = truth.astype(float)
        wrong[64:] += 50
        wrong[:64] -= 10
        check.take("wrong", target, 0, 0, truth, wrong)
        check.take("elsewhere", target, 1, 0, truth, truth)
    found = check.result()
    assert {one.method for one in found} == {"wrong"}, "other depths do not count"
    assert sum(one.blocks for one in found) == 6 * 16
    slow, fast = found[0], found[-1]
    assert (slow.displacement, fast.displacement) == pytest.approx((0, 6), abs=0.6)
    assert (slow.rmse, fast.rmse) == pytest.approx((0.01, 0.05), rel=1e-6)
    assert slow.rmse_low == pytest.approx(slow.rmse_high) == pytest.approx(0.01)


def test_the_interval_is_of_gaps_and_needs_three_of_them(tmp_path) -> None:
    scene = texture(64, 64)
    movie = array_movie(np.repeat((1000 * scene).astype(np.uint16)[None, None, None], 41, axis=0))
    held_out = hold_out(movie, 2)
    draw = np.random.default_rng(2)
    sizes = draw.gamma(4, 10, len(held_out.targets))
    for count, known in ((2, False), (20, True)):
        check = DisplacementCheck(movie, held_out, {0: Range(0.0, 1000.0)})
        for target, size in zip(held_out.targets[:count], sizes, strict=False):
            truth = movie.source.read(target.frame, 0, 0)
            check.take("m", target, 0, 0, truth, truth + size)
        (one,) = check.result()[:1]
        assert np.isfinite(one.rmse_low) == known
        if known:
            assert one.rmse_low < one.rmse < one.rmse_high
            assert one.rmse_high - one.rmse_low > 0.2 * one.rmse / np.sqrt(count)
    path = tmp_path / "moved.csv"
    nan = float("nan")
    kept = [one, DisplacementError("a,b", 1, 0.5, 0.0, 1.0, 0.25, nan, nan, 7)]
    write_displacement_errors(path, kept)
    assert repr(read_displacement_errors(path)) == repr(kept)
