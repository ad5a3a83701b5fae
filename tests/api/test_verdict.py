"""The verdict of a run agrees with what it says of the acquired frames, also after a kill and beside other checks."""

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

import cafi


def drifting(frames=8, side=96):
    """Structure that moves by a pixel a frame, uint8, with noise of its own in each frame."""
    random = np.random.default_rng(0)
    scene = gaussian_filter(random.standard_normal((side, side + frames)), 3)
    moved = np.stack([scene[:, t : t + side] for t in range(frames)])
    return (100 + 30 * moved / scene.std() + random.standard_normal(moved.shape)).clip(1, 254).astype(np.uint8)


def result_of(tmp_path, pixels, **options):
    source = tmp_path / "source.tif"
    tifffile.imwrite(source, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    return cafi.interpolate(source, tmp_path / "out.ome.tif", method="optical_flow", **options)


def test_a_sound_movie_with_some_saturated_pixels_is_to_be_used(tmp_path):
    pixels = drifting()
    pixels[pixels > np.percentile(pixels, 95)] = 255
    result = result_of(tmp_path, pixels)
    assert (result.verdict.word, result.verdict.reasons) == ("use", ())
    assert any("there intensities are too low, in 7 predicted frames beside them too" in m for m in result.messages)


def test_a_blank_frame_asks_for_care(tmp_path):
    pixels = drifting()
    pixels[4] = 0
    verdict = result_of(tmp_path, pixels).verdict
    assert verdict.word == "use with care"
    assert verdict.reasons[-1] == "2 of 7 predicted frames lie beside blank acquired ones"


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        (np.repeat(drifting(4), 2, axis=0), "7 of 7 predicted frames lie beside repeated acquired ones"),
        (np.full((8, 64, 64), 9, np.uint8), "7 of 7 predicted frames lie beside blank acquired ones"),
        (np.full((8, 64, 64), np.nan, np.float32), "7 of 7 predicted frames lie beside blank acquired ones"),
    ],
)
def test_a_movie_of_faulty_frames_is_not_to_be_used(tmp_path, frames, reason):
    verdict = result_of(tmp_path, frames).verdict
    assert (verdict.word, verdict.reasons) == ("do not use", (reason,))


def test_a_movie_of_nothing_but_cuts_is_not_to_be_used(tmp_path):
    pixels = drifting()
    pixels[1::2] = 0
    result = result_of(tmp_path, pixels)
    assert len(result.breaks) == 7
    assert [m for m in result.messages if "is cut" in m] == [
        "The movie is cut in 7 gaps (after acquired frames 0-6): the 7 predicted frames there are copies of the nearest"
        " acquired one that is not blank, not interpolated."
    ]
    assert (result.verdict.word, result.verdict.reasons) == (
        "do not use",
        ("7 of 7 predicted frames lie beside blank acquired ones",),
    )


def test_why_there_is_no_verdict_is_told(tmp_path):
    pixels = drifting()
    tifffile.imwrite(tmp_path / "z.tif", pixels, metadata={"axes": "ZYX"}, photometric="minisblack")
    deep = cafi.interpolate(tmp_path / "z.tif", tmp_path / "deep.ome.tif", method="linear", axis="z")
    assert deep.verdict is None
    assert deep.messages[-1].startswith("There is no verdict: gaps are checked along time only")
    none = result_of(tmp_path, pixels, every="1frame")
    assert (none.verdict, none.interpolated) == (None, 0)
    assert none.messages[-1] == "There is no verdict, as no frame between two acquired ones was asked for."
    unasked = result_of(tmp_path, pixels, checks=False, overwrite=True)
    assert unasked.verdict is None
    assert not any("verdict" in message for message in unasked.messages)
