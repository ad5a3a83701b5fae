"""What cafi left in its outputs is found again, and ignored once it no longer fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.frames import FrameTable
from cafi.movie.options import WriteOptions
from cafi.movie.reading import open_movie
from cafi.movie.writing import write_movie
from tests.helpers import array_movie
from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all

TIMES = np.array([0.0, 0.5, 1.25, 3.0])
FRAMES = FrameTable(
    "t", "s", TIMES, np.array([0, 1, 1, 0], np.uint8), np.array([0, 0, 0, 1]), np.array([0, 0.2, 0.4, 0]), TIMES[[0, 3]]
)


def written(path: Path, shape: tuple[int, ...] = (4, 2, 3, 18, 21)) -> tuple[Path, Any]:
    planes = pixels(shape, "uint8" if len(shape) == 6 else "uint16")
    movie = array_movie(planes, times=TIMES, times_from="planes", frames=FRAMES, provenance={"method": "linear"})
    write_movie(movie, path, WriteOptions())
    return path, planes


@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif", "a.ome.zarr"])
@pytest.mark.parametrize("shape", [(4, 2, 3, 18, 21), (4, 1, 1, 18, 21, 3)])
def test_frames_provenance_and_irregular_times_come_back(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    path, planes = written(tmp_path / name, shape)
    movie, found = read_all(path)
    header = movie.header
    assert_identical(found, planes)
    assert header.frames is not None
    assert header.times is not None
    assert header.frames.kind.tolist() == [0, 1, 1, 0]
    assert (header.times.tolist(), header.provenance) == (TIMES.tolist(), {"method": "linear"})
    assert (header.samples, movie.assumptions) == (3 if len(shape) == 6 else 1, ())


def test_records_are_ignored_once_frames_were_cut_and_this_is_told(tmp_path: Path) -> None:
    path, planes = written(tmp_path / "a.tif")
    with tifffile.TiffFile(path) as tiff:
        info = (tiff.imagej_metadata or {})["Info"]
    cut = np.ascontiguousarray(planes[:2].transpose(0, 2, 1, 3, 4))
    tifffile.imwrite(path, cut, imagej=True, metadata={"axes": "TZCYX", "Info": info})
    movie, found = read_all(path)
    assert_identical(found, planes[:2])
    assert (movie.header.frames, movie.header.provenance, movie.header.times) == (None, None, None)
    assert movie.assumptions == (
        "The record that cafi left in this file is of 4 frames while it holds 2, so it was ignored.",
    )


def test_a_damaged_record_is_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    path, planes = written(tmp_path / "a.tif", (4, 1, 1, 18, 21))
    tifffile.imwrite(path, planes[:, 0, 0], imagej=True, metadata={"axes": "TYX", "Info": "cafi provenance: {nonsense"})
    with pytest.raises(CafiError, match=r"a\.tif: the record that cafi keeps in this file .* is damaged"):
        open_movie(path)
