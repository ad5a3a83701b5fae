"""The real movies: axes, shape, type and pixels as tifffile reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.movie.reading.reading_helpers import assert_identical, read_all

AXES = {"mitosis_two_channels": "TCYX"}
MOVIES = (
    "bacteria_phase",
    "beads_brightfield",
    "cancer_migration",
    "embryo_lightsheet",
    "embryo_myosin_confocal",
    "foam",
    "golgi_confocal",
    "hela_mitosis_widefield",
    "mitosis_two_channels",
    "nuclei_widefield",
    "platelets_intravital",
    "wound_phase",
)


@pytest.mark.parametrize("name", MOVIES)
def test_real_movies_are_read_as_tifffile_reads_them(shared: Path, name: str) -> None:
    path = shared / "movies" / f"{name}.tif"
    with tifffile.TiffFile(path) as tiff:
        axes, expected = tiff.series[0].axes, tiff.series[0].asarray()
    movie, found = read_all(path)
    assert axes == AXES.get(name, "TYX")
    assert_identical(found, np.ascontiguousarray(expected.reshape(found.shape)))
    assert (movie.header.size.t, movie.header.size.z) == (expected.shape[0], 1)
    assert (movie.assumptions, movie.compression) == ((), "deflate")


def test_the_golgi_movie_has_its_interval(shared: Path) -> None:
    times = read_all(shared / "movies" / "golgi_confocal.tif")[0].header.times
    assert times is not None
    assert times.tolist() == [59.86 * t for t in range(30)]
