"""ImageJ stacks: T/Z ambiguity, one directory for all images, calibration, names, colours, and what is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from cafi.errors import CafiError
from cafi.movie.model import Channel, PixelSize
from cafi.movie.options import ReadOptions
from cafi.movie.reading import open_movie
from tests.movie.reading.reading_helpers import assert_identical, pixels, planes_of, read_all

SLICES = pixels((6, 18, 21))


def imagej(path: Path, stored: Any = SLICES, axes: str = "ZYX", **metadata: Any) -> Path:
    resolution = metadata.pop("resolution", None)
    options = {} if resolution is None else {"resolution": resolution}
    tifffile.imwrite(path, stored, imagej=True, metadata={"axes": axes, **metadata}, **options)
    return path


def one_directory(path: Path, images: NDArray[Any], description: str, stored: str = ">u2") -> Path:
    """All images one after the other behind one directory, as ImageJ saves stacks of more than 4 GB."""
    order: Any = ">" if stored[0] == ">" else "<"
    tifffile.imwrite(path, images[:1].astype(stored), byteorder=order, description=description, metadata=None)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages.first.dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(images.astype(stored).tobytes())
    return path


def test_slices_without_frames_are_taken_as_time_and_this_is_told(tmp_path: Path) -> None:
    movie, found = read_all(imagej(tmp_path / "a.tif"))
    assert_identical(found, SLICES[:, None, None])
    (assumption,) = movie.assumptions
    assert "6 ImageJ slices were taken as time" in assumption
    assert "--axes ZYX takes them as depth" in assumption


def test_slices_with_a_spacing_are_taken_as_depth_and_this_is_told(tmp_path: Path) -> None:
    path = imagej(tmp_path / "a.tif", spacing=1.5, unit="um")
    movie, found = read_all(path)
    assert_identical(found, SLICES[None, None])
    (assumption,) = movie.assumptions
    assert "taken as depth, as the file states a spacing of 1.5" in assumption
    assert "--axes TYX takes them as time" in assumption
    assert movie.header.pixel_size.z == 1.5
    assert_identical(read_all(path, axes="TYX")[1], SLICES[:, None, None])


@pytest.mark.parametrize("axes", ["ZYX", "TZCYX"])
def test_axes_decide_what_slices_are(tmp_path: Path, axes: str) -> None:
    movie, found = read_all(imagej(tmp_path / "a.tif"), axes=axes)
    assert_identical(found, SLICES[None, None])
    assert movie.assumptions == ()


def test_wrong_axes_are_refused_with_the_files_own_dimensions(tmp_path: Path) -> None:
    with pytest.raises(CafiError, match="the file's dimensions are ZYX of shape 6x18x21"):
        open_movie(imagej(tmp_path / "a.tif"), ReadOptions(axes="TCYX"))


def test_slices_beside_frames_are_depth_without_any_assumption(tmp_path: Path) -> None:
    stored = pixels((4, 3, 2, 18, 21))
    movie, found = read_all(imagej(tmp_path / "a.tif", stored, "TZCYX"))
    assert_identical(found, np.ascontiguousarray(stored.transpose(0, 2, 1, 3, 4)))
    assert movie.assumptions == ()


def test_a_number_of_images_alone_is_taken_as_time_and_this_is_told(tmp_path: Path) -> None:
    path = one_directory(tmp_path / "a.tif", SLICES, "ImageJ=1.54f\nimages=6\n")
    movie, found = read_all(path)
    assert_identical(found, SLICES[:, None, None])
    assert "6 pages were taken as time" in movie.assumptions[0]


@pytest.mark.parametrize("stored", [">u2", "<u2", ">f4", "<u1"])
def test_images_behind_one_directory_are_read_one_by_one(tmp_path: Path, stored: str) -> None:
    images = pixels((6, 18, 21), np.dtype(stored).newbyteorder("=").name)
    description = "ImageJ=1.54f\nimages=6\nchannels=2\nframes=3\nhyperstack=true\n"
    movie, found = read_all(one_directory(tmp_path / "a.tif", images, description, stored))
    assert_identical(found, images.reshape(3, 2, 1, 18, 21))
    assert movie.assumptions == ()


def test_more_than_four_gigabytes_behind_one_directory(tmp_path: Path) -> None:
    count, side = 33, 8192  # 4.1 GiB of 16 bits, stored as a hole except for the last image
    last = pixels((1, side, side))[0]
    path = tmp_path / "a.tif"
    description = f"ImageJ=1.54f\nimages={count}\nframes={count}\n"
    tifffile.imwrite(path, np.zeros((1, side, side), ">u2"), byteorder=">", description=description, metadata=None)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages.first.dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(offset + (count - 1) * last.nbytes)
        file.write(last.astype(">u2").tobytes())
    with open_movie(path) as movie:
        assert movie.header.size.t == count
        assert_identical(movie.source.read(count - 1, 0, 0), last)
        assert not movie.source.read(count - 2, 0, 0).any()


def test_fewer_images_than_stated_are_refused(tmp_path: Path) -> None:
    path = one_directory(tmp_path / "a.tif", SLICES, "ImageJ=1.54f\nimages=6\nframes=6\n")
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    with pytest.raises(CafiError, match="header states 6 images, but it holds 1 pages"):
        open_movie(path)


def test_calibration(tmp_path: Path) -> None:
    stored = pixels((4, 3, 18, 21))
    header = read_all(
        imagej(tmp_path / "a.tif", stored, "TZYX", unit="\\u00B5m", spacing=0.5, finterval=2.5, resolution=(4, 5))
    )[0].header
    assert header.pixel_size == PixelSize(0.5, 0.2, 0.25)
    assert header.times is not None
    assert (header.times.tolist(), header.times_from) == ([0, 2.5, 5, 7.5], "interval")


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("micron", PixelSize(None, 0.25, 0.25)),
        ("nm", PixelSize(None, 0.00025, 0.00025)),
        ("pixel", PixelSize(None, 0.25, 0.25, "pixel")),
        ("parsec", PixelSize(None, 0.25, 0.25, "parsec")),
    ],
)
def test_units_become_micrometres_where_they_are_lengths(tmp_path: Path, unit: str, expected: PixelSize) -> None:
    path = imagej(tmp_path / "a.tif", SLICES, "TYX", unit=unit, resolution=(4, 4))
    assert read_all(path)[0].header.pixel_size == expected


def test_frame_rates_and_other_time_units(tmp_path: Path) -> None:
    movie, _ = read_all(imagej(tmp_path / "a.tif", SLICES, "TYX", fps=4.0))
    assert movie.header.times is not None
    assert movie.header.times.tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25]
    assert "4 frames per second" in movie.assumptions[0]
    slow = read_all(imagej(tmp_path / "b.tif", SLICES, "TYX", finterval=2, tunit="min"))[0].header.times
    assert slow is not None
    assert slow[1] == 120


@pytest.mark.parametrize("interval", [0, -1, "nan", "inf", "soon"])
def test_an_interval_that_makes_no_sense_is_none(tmp_path: Path, interval: Any) -> None:
    header = read_all(imagej(tmp_path / "a.tif", SLICES, "TYX", finterval=interval))[0].header
    assert (header.times, header.times_from) == (None, None)


def test_names_colours_and_everything_else_are_kept(tmp_path: Path) -> None:
    stored = pixels((3, 2, 18, 21))
    ramp = np.arange(256, dtype=np.uint8)
    tables = [np.stack([ramp * 0, ramp, ramp * 0]), np.stack([ramp, ramp * 0, ramp])]
    more = {"Info": "scope: x", "Overlays": b"rois", "Labels": ["GFP", "RFP"] * 3, "LUTs": tables}
    movie, found = read_all(imagej(tmp_path / "a.tif", stored, "TCYX", **more))
    assert_identical(found, stored[:, :, None])
    assert movie.header.channels == (Channel("GFP", "#00ff00"), Channel("RFP", "#ff00ff"))
    kept = movie.header.metadata.imagej
    assert kept is not None
    assert (kept["Info"], kept["Overlays"], kept["Labels"]) == ("scope: x", b"rois", ["GFP", "RFP"] * 3)
    assert (kept["LUTs"][0] == tables[0]).all()


def test_labels_that_differ_within_a_channel_are_no_names(tmp_path: Path) -> None:
    labels = [f"frame {number}" for number in range(6)]
    movie, _ = read_all(imagej(tmp_path / "a.tif", SLICES.reshape(3, 2, 18, 21), "TCYX", Labels=labels))
    assert movie.header.channels == (Channel(), Channel())


def test_rgb(tmp_path: Path) -> None:
    stored = pixels((4, 18, 21, 3), "uint8")
    movie, found = read_all(imagej(tmp_path / "a.tif", stored, "TYXS"))
    assert_identical(found, stored[:, None, None])
    assert movie.header.samples == 3


def test_damaged_metadata_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = one_directory(tmp_path / "a.tif", SLICES, "ImageJ=1.54f\nimages=6\nframes=-6\n")
    with pytest.raises(CafiError, match=re.escape("no sensible numbers of images")):
        open_movie(path)
    with open_movie(path, ReadOptions(axes="TYX")) as movie:
        assert_identical(planes_of(movie)[0, 0, 0], SLICES[0])
