"""Hot pixels stay where they are in predicted frames, and acquired frames keep them."""

import numpy as np
import pytest
import tifffile

import cafi
from tests.engine.test_hot_pixels import HOT, frames, with_pixels

SOUND = 1000 + 500 * frames(12, noise=0.0)


@pytest.mark.parametrize("method", ["kymo", "optical_flow"])
def test_predicted_frames_are_those_of_a_sound_camera_but_for_the_hot_pixels(tmp_path, method):
    made = {}
    for name, pixels in {"sound": SOUND, "hot": with_pixels(SOUND, HOT, 6000)}.items():
        pixels = np.rint(pixels).astype(np.uint16)
        if name == "hot":
            pixels[::2, 5, 9] = 6200
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, metadata={"axes": "TYX"}, photometric="minisblack")
        result = cafi.interpolate(tmp_path / f"{name}.tif", tmp_path / f"{name}.ome.tif", method=method)
        with cafi.read(result.target) as movie:
            made[name] = np.stack([movie.frame(t, 0)[0] for t in range(movie.header.size.t)])
            counts = movie.header.provenance["normalisation"]["hot_pixels"]
        np.testing.assert_array_equal(made[name][::2], pixels)
        assert counts == [4 if name == "hot" else 0]
        assert any("Hot or dead pixels" in message for message in result.messages) == (name == "hot")
    away = np.ones(made["hot"].shape[1:], bool)
    away[tuple(np.transpose(HOT))] = False
    difference = np.abs(made["hot"].astype(int) - made["sound"])[1::2]
    assert np.percentile(difference[:, away], 99) <= 25  # of a range of 500
    assert (made["hot"][1::2, 5, 9] == 6100).all()
    assert (made["hot"][1::2, 20, 31] == 6000).all()


def test_a_held_out_check_says_so_too(tmp_path):
    pixels = np.rint(with_pixels(SOUND, HOT, 6000)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "hot.tif", pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    (evaluation,) = cafi.evaluate(tmp_path / "hot.tif", tmp_path / "out", methods="linear").evaluations
    assert sum("(4 in channel 0)" in note for note in evaluation.notes) == 1
