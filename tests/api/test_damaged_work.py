"""Work in progress that a power cut or a full disk has damaged is made again where it is needed."""

import numpy as np
import pytest
import tifffile

import cafi
from tests.movie.writing.reading_back import digest


@pytest.fixture
def source(tmp_path):
    pixels = np.random.default_rng(0).integers(90, 4000, (24, 12, 15)).astype(np.uint16)
    path = tmp_path / "source.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "TYX"})
    return path


def stop_after(count):
    def watch(done, total):
        if done >= count and total == 47:
            raise KeyboardInterrupt

    return watch


@pytest.mark.parametrize("inside", ["", "interval"])
@pytest.mark.parametrize(
    ("suffix", "pattern"),
    [(".ome.tif", "frames/*.tif"), (".tif", "frames/*.tif"), (".ome.zarr", "data.zarr/0/c/*/0/0/0/0")],
)
def test_a_damaged_frame_is_made_again(tmp_path, source, suffix, pattern, inside):
    whole, target = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    how = {"method": "linear", "uncertainty": bool(inside)}
    cafi.interpolate(source, whole, **how)
    with pytest.raises(KeyboardInterrupt):
        cafi.interpolate(source, target, on_progress=stop_after(20), **how)
    places = sorted((tmp_path / f"out{suffix}.partial" / inside).glob(pattern))
    assert len(places) >= 20
    places[3].write_bytes(b"")
    places[4].unlink()
    places[5].write_bytes(places[5].read_bytes()[:-20])
    cafi.interpolate(source, target, resume=True, **how)
    assert digest(target) == digest(whole)
    if inside:
        assert digest(tmp_path / f"out.interval{suffix}") == digest(tmp_path / f"whole.interval{suffix}")
