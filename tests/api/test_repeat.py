import numpy as np
import pytest
import tifffile

import cafi
from cafi.errors import CafiError
from tests.interpolators.zooming_slowmo.helpers import tiny_weights


def _read(path):
    with cafi.read(path) as movie:
        return np.stack([movie.frame(t, 0)[0] for t in range(movie.header.size.t)]), movie.header.provenance


@pytest.fixture
def movie(tmp_path):
    pixels = np.random.default_rng(0).random((4, 20, 24), np.float32)
    tifffile.imwrite(tmp_path / "movie.tif", pixels, metadata={"axes": "TYX"}, imagej=True)
    return tmp_path / "movie.tif", pixels


def test_linear_repeated_is_linear_and_says_so(movie, tmp_path):
    source, pixels = movie
    for name, repeat in (("direct", False), ("repeated", True)):
        cafi.interpolate(source, tmp_path / f"{name}.ome.tif", method="linear", factor=8, repeat=repeat)
    direct, repeated = (_read(tmp_path / f"{name}.ome.tif") for name in ("direct", "repeated"))
    assert repeated[1]["repeated"] == {"doublings": 3}
    assert any("linear was run repeatedly, 3 doublings" in message for message in repeated[1]["messages"])
    assert "repeated" not in direct[1]
    np.testing.assert_array_equal(repeated[0][::8], pixels)
    np.testing.assert_allclose(repeated[0], direct[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("input_frames", [2, 4])
def test_a_method_for_the_middle_fills_a_gap_by_halves(movie, tmp_path, input_frames):
    options = {"method": "zooming-slowmo", "weights": str(tiny_weights(tmp_path)), "input_frames": input_frames}
    result = cafi.interpolate(movie[0], tmp_path / "x4.ome.tif", factor=4, **options)
    assert (result.acquired, result.interpolated) == (4, 9)
    twice = cafi.interpolate(movie[0], tmp_path / "x2.ome.tif", factor=2, **options)
    assert twice.interpolated == 3
    whole, half = _read(tmp_path / "x4.ome.tif")[0], _read(tmp_path / "x2.ome.tif")[0]
    np.testing.assert_allclose(whole[::2], half, rtol=0, atol=1e-5)
    with pytest.raises(CafiError, match="take a --factor of 2, 4, 8 or 16, or a method for any time: kymo, dain"):
        cafi.interpolate(movie[0], tmp_path / "x3.ome.tif", factor=3, **options)
