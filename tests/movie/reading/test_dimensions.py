"""Where a plane lies in stored data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from cafi.movie.reading import open_movie
from tests.movie.reading.czi_file import write_czi
from tests.movie.reading.lif_file import write_lif
from tests.movie.reading.reading_helpers import assert_identical, pixels
from tests.movie.reading.test_images import pngs
from tests.movie.reading.test_zarr_images import ome_zarr


def written(kind: str, folder: Path) -> Path:
    """A small movie of a kind, of three frames or more."""
    frames = pixels((5, 18, 20))
    if kind == "tif":
        tifffile.imwrite(folder / "a.tif", frames, metadata={"axes": "TYX"})
        return folder / "a.tif"
    if kind == "zarr":
        return ome_zarr(folder / "a.zarr")
    if kind == "images":
        return pngs(folder / "frames")
    if kind == "czi":
        pytest.importorskip("aicspylibczi")
        return write_czi(folder / "a.czi", {(t, 0, 0): frame for t, frame in enumerate(frames)})
    if kind == "lif":
        pytest.importorskip("liffile")
        return write_lif(folder / "a.lif", {"pixels": frames, "axes": "TYX"})
    pytest.importorskip("av")
    from tests.movie.reading.test_video import noise, write

    return write(folder / "a.avi", list(noise((4, 16, 32))), "ffv1", "gray")


def assert_numpy_integers_serve(path: Path) -> None:
    with open_movie(path) as movie:
        expected = movie.source.read(2, 0, 0)
        found = movie.source.read(np.int64(2), np.intp(0), np.uint8(0))
        assert not movie.source.is_missing(np.int64(2), np.intp(0), np.uint8(0))
    assert_identical(found, expected)


@pytest.mark.parametrize("kind", ["tif", "zarr", "images", "czi", "lif", "avi"])
def test_integers_of_numpy_name_the_same_planes(tmp_path: Path, kind: str) -> None:
    assert_numpy_integers_serve(written(kind, tmp_path))


def test_integers_of_numpy_name_the_same_planes_of_nd2_files(shared: Path) -> None:
    pytest.importorskip("nd2")
    assert_numpy_integers_serve(shared / "formats" / "timelapse.nd2")
