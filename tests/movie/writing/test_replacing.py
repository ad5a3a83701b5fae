"""Only what cafi wrote is replaced."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.writing.replacing import refuse_taken, written_by_cafi
from tests.movie.reading.test_zarr_images import ome_zarr
from tests.movie.writing.reading_back import written

PIXELS = np.zeros((2, 1, 1, 8, 9), np.uint16)


@pytest.mark.parametrize("name", ["a.ome.tif", "a.ome.btf", "a.tif", "a.ome.zarr"])
def test_every_format_names_its_writer(tmp_path: Path, name: str) -> None:
    written(PIXELS, tmp_path / name)
    assert written_by_cafi(tmp_path / name)


def test_movies_of_others_do_not(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", PIXELS[:, 0, 0], metadata={"axes": "TYX"}, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", PIXELS[:, 0, 0], software=None, photometric="minisblack")
    ome_zarr(tmp_path / "c.ome.zarr")
    assert [written_by_cafi(path) for path in sorted(tmp_path.iterdir())] == [False] * 3


@pytest.mark.parametrize("name", ["a.ome.tif", "a.ome.zarr"])
def test_what_cannot_be_read_is_not_replaced(tmp_path: Path, name: str) -> None:
    if name.endswith(".zarr"):
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("precious")
    with pytest.raises(CafiError, match=f"{name}: it exists already and cannot be read; move it away"):
        refuse_taken(tmp_path / name, overwrite=True)
