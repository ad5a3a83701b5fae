"""The verdict of a held-out check: about frames of any size, one of each gap, with all channels."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

import cafi
from cafi.movie.arrays import array_movie
from cafi.quality.heldout import hold_out
from cafi.quality.metrics.ranges import movie_range
from cafi.report.judging import Judging
from tests.report.made import spots


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[int, ...]]]:
    """Gap and shape of every prediction that is looked at."""
    seen: list[tuple[int, tuple[int, ...]]] = []

    def check(_before, _after, _t, mean, gap, _z):
        seen.append((gap, mean.shape))
        return []

    monkeypatch.setattr("cafi.report.judging.check", check)
    return seen


def test_one_frame_of_each_gap_is_looked_at_once_all_its_channels_are_there(counted) -> None:
    pixels = np.concatenate([spots(13, 40, 48, seed=c) for c in range(2)], axis=1)
    movie = array_movie(pixels[:, :, None])
    held_out = hold_out(movie, 4)
    frames = [target.frame for target in held_out.targets if target.gap != 1]
    judging = Judging(movie, held_out, {c: movie_range(movie, c) for c in range(2)}, frames, z=0)
    for target in held_out.targets:
        planes = movie.frame(target.frame, 0)
        judging.take("linear", target, 0, 0, planes[0])
        assert (0, (1, 40, 48)) not in counted
        judging.take("linear", target, 1, 1, planes[1])  # another depth
        judging.take("linear", target, 0, 1, planes[1])
    assert counted == [(0, (2, 40, 48)), (2, (2, 40, 48))]


def test_frames_that_are_shown_smaller_are_judged_too(tmp_path: Path) -> None:
    source = tmp_path / "wide.tif"
    pixels = np.round(1000 + 20_000 * np.clip(spots(7, 64, 1200), 0, None)).astype(np.uint16)
    tifffile.imwrite(source, pixels[:, 0], metadata={"axes": "TYX"}, photometric="minisblack")
    (evaluation,) = cafi.evaluate(source, tmp_path / "check", methods=("linear", "optical_flow"), drop=2).evaluations
    verdict = evaluation.provenance["verdict"]
    assert verdict["of"] in ("linear", "optical_flow")
    assert verdict["word"] in ("use", "use with care", "do not use")


def test_pixels_that_are_not_finite_do_not_end_the_check(tmp_path: Path) -> None:
    source = tmp_path / "holes.tif"
    pixels = spots(7, 64, 80)[:, 0]
    pixels[:, :3, :4] = np.nan
    pixels[4, 40, 40] = np.inf
    tifffile.imwrite(source, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    (evaluation,) = cafi.evaluate(source, tmp_path / "check", methods=("linear", "optical_flow"), drop=2).evaluations
    assert evaluation.provenance["verdict"]["word"] in ("use", "use with care", "do not use")
