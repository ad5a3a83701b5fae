"""What other software finds in our files: bioio with its readers."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cafi.movie.model import Channel, PixelSize
from tests.movie.writing.reading_back import written

PIXELS = np.random.default_rng(7).integers(0, 999, (3, 2, 4, 20, 30)).astype(np.uint16)
READERS = {"a.ome.tif": "bioio_ome_tiff", "a.tif": "bioio_tifffile", "a.ome.zarr": "bioio_ome_zarr"}


@pytest.mark.parametrize("name", sorted(READERS))
def test_bioio_reads_the_same_axes_units_and_values(tmp_path: Path, name: str) -> None:
    reader = pytest.importorskip(READERS[name], reason=f"{READERS[name]} is not installed")
    bioio = pytest.importorskip("bioio")
    written(
        PIXELS,
        tmp_path / name,
        times=np.array([0.0, 0.5, 1.0]),
        pixel_size=PixelSize(0.3, 0.1, 0.2),
        channels=(Channel("GFP", "#00ff00"), Channel("mCherry", "#ff0000")),
    )
    with warnings.catch_warnings():
        # What bioio's own dependencies warn of is not ours to mend.
        warnings.simplefilter("ignore")
        image: Any = bioio.BioImage(tmp_path / name, reader=reader.Reader)
        data = image.data
        sizes = image.physical_pixel_sizes
        names = [str(channel) for channel in image.channel_names]
    assert image.dims.order == "TCZYX"
    assert data.dtype == np.uint16
    np.testing.assert_array_equal(data, PIXELS)
    assert (sizes.Z, sizes.Y, sizes.X) == (0.3, 0.1, 0.2)
    if name != "a.tif":
        assert names == ["GFP", "mCherry"]
    if name == "a.ome.zarr":
        properties = image.dimension_properties
        assert image.scale.T == 0.5
        assert [str(getattr(properties, axis).unit) for axis in "TZYX"] == ["second"] + ["micrometer"] * 3
