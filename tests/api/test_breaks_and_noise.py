"""What a run says about breaks and noise: in its result, in every format, and again when resumed."""

import json

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

import cafi
from cafi.cli.interpolate import interpolate as command
from cafi.engine.breaks import Break


@pytest.fixture
def source(tmp_path):
    """Eight frames of uint16 with noise of 20 counts, cut after the fourth."""
    rng = np.random.default_rng(0)
    scenes = gaussian_filter(rng.standard_normal((2, 96, 96)), (0, 3, 3))
    pixels = 1000 + 200 * np.repeat(scenes / scenes.std(), 4, axis=0) + 20 * rng.standard_normal((8, 96, 96))
    path = tmp_path / "source.tif"
    tifffile.imwrite(path, pixels.astype(np.uint16), metadata={"axes": "TYX"}, photometric="minisblack")
    return path


@pytest.mark.parametrize("suffix", [".ome.tif", ".tif", ".ome.zarr"])
def test_the_provenance_names_breaks_and_noise(source, tmp_path, suffix):
    target = tmp_path / ("out" + suffix)
    result = cafi.interpolate(source, target, method="linear", factor=4)
    assert result.breaks == (Break(3, "cut"),)
    # The median of t = 1/4, 1/2 and 3/4; copies, whose ratio is 1, do not count.
    assert result.noise_ratio == pytest.approx((np.hypot(0.25, 0.75),), rel=0.03)
    assert any("cut between acquired frames 3 and 4: the 3 predicted frames" in m for m in result.messages)
    truth = tifffile.imread(source)
    with cafi.read(target) as movie:
        made_by, table = movie.header.provenance, movie.header.frames
        inside = [movie.frame(t, 0)[0] for t in (13, 14, 15)]
    assert made_by["breaks"] == [{"gap": 3, "kind": "cut", "shift": None}]
    assert made_by["noise_ratio"] == list(result.noise_ratio)
    assert not table.acquired[13:16].any()
    np.testing.assert_array_equal(inside, truth[[3, 3, 4]])
    again = cafi.interpolate(source, target, method="linear", factor=4, resume=True)
    assert again.already_done
    assert (again.breaks, again.noise_ratio, again.messages) == (result.breaks, result.noise_ratio, result.messages)


class StopHereError(Exception):
    """Ends a run in its middle, as Ctrl-C does."""


@pytest.mark.parametrize("frames", [3, 14, 25])
def test_a_resumed_run_says_the_same(source, tmp_path, frames):
    def stop(done, total):
        if done >= frames:
            raise StopHereError

    options = {"method": "linear", "factor": 4}
    whole = cafi.interpolate(source, tmp_path / "whole" / "out.ome.tif", **options)
    with pytest.raises(StopHereError):
        cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", on_progress=stop, **options)
    resumed = cafi.interpolate(source, tmp_path / "stopped" / "out.ome.tif", resume=True, **options)
    assert (resumed.breaks, resumed.noise_ratio, resumed.messages) == (whole.breaks, whole.noise_ratio, whole.messages)
    assert resumed.target.read_bytes() == whole.target.read_bytes()


def test_the_command_prints_both(source, tmp_path, capsys):
    assert command(str(source), tmp_path / "out.ome.tif", json=True) == 0
    printed = capsys.readouterr()
    (movie,) = json.loads(printed.out)["movies"]
    assert movie["breaks"] == [{"gap": 3, "kind": "cut", "shift": None}]
    assert 0 < movie["noise_ratio"][0] < 1
    assert "The movie is cut between acquired frames 3 and 4" in printed.err
    assert f"noise of interpolated over acquired frames, by channel: {movie['noise_ratio'][0]:.2f}" in printed.err


def test_constant_movies_have_no_ratio(tmp_path):
    tifffile.imwrite(tmp_path / "flat.tif", np.full((3, 40, 40), 7, np.uint8), metadata=None, photometric="minisblack")
    result = cafi.interpolate(tmp_path / "flat.tif", tmp_path / "out.ome.tif", method="linear")
    assert result.noise_ratio == (None,)
    assert result.breaks == ()
