"""OME-Zarr: versions, calibration, channels, scenes, shards and zip files, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from cafi.errors import CafiError
from cafi.movie.model import Channel, PixelSize
from cafi.movie.options import ReadOptions
from cafi.movie.reading import list_scenes, open_movie
from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all

PLANES = pixels((4, 2, 3, 18, 21))
AXES = [
    {"name": "t", "type": "time", "unit": "millisecond"},
    {"name": "c", "type": "channel"},
    *({"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"),
]


def scaled(*scale: float) -> list[dict[str, Any]]:
    return [{"type": "scale", "scale": list(scale)}]


def multiscale(**changes: Any) -> dict[str, Any]:
    dataset = {"path": "0", "coordinateTransformations": scaled(500, 1, 900, 300, 200)}
    return {"axes": AXES, "datasets": [dataset], "name": "cells"} | changes


def ome_zarr(
    path: Path, planes: NDArray[Any] = PLANES, version: Any = 3, options: Any = None, **attributes: Any
) -> Path:
    """An OME-Zarr 0.5 or (of Zarr version 2) 0.4 image."""
    group = zarr.open_group(path, mode="a", zarr_format=version)
    array = group.create_array("0", shape=planes.shape, dtype=planes.dtype, **options or {"chunks": (2, 1, 1, 9, 21)})
    array[...] = planes
    attributes = {"multiscales": [multiscale()]} | attributes
    if version == 2:
        group.attrs.update(attributes)
    else:
        group.attrs["ome"] = {"version": "0.5"} | attributes
    return path


@pytest.mark.parametrize(("version", "name"), [(2, "OME-Zarr 0.4"), (3, "OME-Zarr 0.5")])
def test_calibration_and_channels(tmp_path: Path, version: int, name: str) -> None:
    channels = [{"label": "GFP", "color": "00FF00"}, {"label": "RFP", "color": "#ff0000"}]
    movie, found = read_all(ome_zarr(tmp_path / "a.zarr", version=version, omero={"channels": channels}))
    assert_identical(found, PLANES)
    header = movie.header
    assert (movie.format, header.name, header.pixel_size) == (name, "cells", PixelSize(0.9, 0.3, 0.2))
    assert header.channels == (Channel("GFP", "#00ff00"), Channel("RFP", "#ff0000"))
    assert header.times is not None
    assert (header.times.tolist(), header.times_from) == ([0, 0.5, 1, 1.5], "interval")


def test_scales_of_the_image_and_of_its_levels_multiply_and_the_first_level_is_read(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path / "a.zarr")
    group = zarr.open_group(path)
    group.create_array("1", shape=(4, 2, 3, 9, 10), dtype="u2")
    levels = [
        {"path": "0", "coordinateTransformations": scaled(1, 1, 3, 2, 2)},
        {"path": "1", "coordinateTransformations": scaled(1, 1, 3, 4, 4)},
    ]
    image = multiscale(datasets=levels, coordinateTransformations=scaled(2000, 1, 100, 100, 100))
    group.attrs["ome"] = {"multiscales": [image]}
    movie, found = read_all(path)
    assert_identical(found, PLANES)
    assert movie.header.pixel_size == PixelSize(0.3, 0.2, 0.2)
    assert movie.header.times is not None
    assert movie.header.times[1] == 2


def test_axes_without_units_say_nothing(tmp_path: Path) -> None:
    image = multiscale(axes=[{"name": name} for name in "tczyx"])
    header = read_all(ome_zarr(tmp_path / "a.zarr", multiscales=[image]))[0].header
    assert (header.times, header.times_from, header.pixel_size) == (None, None, PixelSize())


def test_an_axis_of_unknown_meaning_is_taken_as_time_and_this_is_told(tmp_path: Path) -> None:
    image = multiscale(axes=[{"name": name} for name in ("angle", "y", "x")], datasets=[{"path": "0"}])
    planes = PLANES[:, 0, 0]
    path = ome_zarr(tmp_path / "a.zarr", planes, options={"chunks": (1, 18, 21)}, multiscales=[image])
    movie, found = read_all(path)
    assert_identical(found, planes[:, None, None])
    assert "4 entries of one axis were taken as time" in movie.assumptions[0]
    assert_identical(read_all(path, axes="ZYX")[1], planes[None, None])


def test_axes_override_those_of_the_file(tmp_path: Path) -> None:
    movie, found = read_all(ome_zarr(tmp_path / "a.zarr"), axes="ZCTYX")
    assert_identical(found, np.ascontiguousarray(PLANES.transpose(2, 1, 0, 3, 4)))
    assert movie.header.pixel_size.z is None


@pytest.mark.parametrize(
    "options", [{"chunks": (1, 1, 3, 5, 4), "shards": (2, 2, 3, 20, 24)}, {"chunks": (4, 2, 3, 18, 21)}]
)
def test_shards_and_chunks_of_many_planes(tmp_path: Path, options: Any) -> None:
    assert_identical(read_all(ome_zarr(tmp_path / "a.zarr", options=options))[1], PLANES)


def test_a_chunk_of_several_planes_is_decoded_once_for_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ome_zarr(tmp_path / "a.zarr", options={"chunks": (4, 2, 3, 18, 21)})
    decoded: list[Any] = []
    read = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda array, index: decoded.append(index) or read(array, index))
    assert_identical(read_all(path)[1], PLANES)
    assert len(decoded) == 1


def test_chunks_that_were_left_out_are_the_fill_value(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path / "a.zarr", options={"chunks": (1, 2, 3, 18, 21), "fill_value": 7})
    shutil.rmtree(path / "0" / "c" / "2")
    assert (read_all(path)[1][2] == 7).all()


@pytest.mark.parametrize("version", [2, 3])
def test_zip_files(tmp_path: Path, version: int) -> None:
    folder = ome_zarr(tmp_path / "a.zarr", version=version)
    shutil.make_archive(str(folder), "zip", folder)
    assert_identical(read_all(tmp_path / "a.zarr.zip")[1], PLANES)


def test_several_images_of_one_group_are_scenes(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path / "a.zarr", multiscales=[multiscale(name="one"), multiscale(name="two")])
    assert list_scenes(path) == ("one", "two")
    assert read_all(path, scene=1)[0].header.name == "two"


@pytest.mark.parametrize("listed", [True, False])
def test_the_series_of_bioformats2raw_are_scenes(tmp_path: Path, listed: bool) -> None:
    path = tmp_path / "a.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    for number in range(2):
        ome_zarr(path / str(number), PLANES[..., number:], version=2, multiscales=[multiscale(axes=list("tczyx"))])
    sizes = 'SizeX="20" SizeY="18" SizeZ="3" SizeC="2" SizeT="4"'
    stamps = "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{t * t}"/>' for t in range(4))

    def image(content: str) -> str:
        return f'<Image><Pixels DimensionOrder="XYZCT" {sizes}>{content}</Pixels></Image>'

    if listed:
        root.create_group("OME").attrs["series"] = ["0", "1"]
        (path / "OME" / "METADATA.ome.xml").write_text(f"<OME>{image('')}{image(stamps)}</OME>")
    assert list_scenes(path) == ("0", "1")
    movie, found = read_all(path, scene=1)
    assert_identical(found, PLANES[..., 1:])
    times = movie.header.times
    assert (times is not None and times.tolist() == [0, 1, 4, 9]) if listed else times is None
    assert movie.header.metadata.image_index == 1


def test_the_fields_of_a_plate_are_scenes(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=2)
    root.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "B/2"}]}
    for well in ("A/1", "B/2"):
        root.create_group(well).attrs["well"] = {"images": [{"path": "0"}, {"path": "1"}]}
        for field in range(2):
            ome_zarr(path / well / str(field), PLANES + ord(well[0]) + field, version=2)
    assert list_scenes(path) == ("A/1/0", "A/1/1", "B/2/0", "B/2/1")
    assert_identical(read_all(path, scene=3)[1], PLANES + ord("B") + 1)
    assert list_scenes(path / "B" / "2") == ("0", "1")


def test_a_plain_group_and_a_plain_array_are_refused(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w").create_array("0", shape=(3, 3), dtype="u1")
    with pytest.raises(CafiError, match="no OME-Zarr image, as it has no multiscales"):
        open_movie(tmp_path / "a.zarr")
    with pytest.raises(CafiError, match="array without OME metadata; give the OME-Zarr folder"):
        open_movie(tmp_path / "a.zarr" / "0")


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_types_that_cannot_be_interpolated_are_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(CafiError, match=f"type {dtype}, which cannot be interpolated; convert"):
        open_movie(ome_zarr(tmp_path / "a.zarr", PLANES.astype(dtype)))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"axes": AXES[1:]}, "axes do not match its array of 5 dimensions"),
        ({"axes": [{"name": name} for name in "tczyy"]}, "do not name Y and X once"),
        ({"axes": 7}, "axes do not match"),
        ({"datasets": []}, "lists no arrays"),
        ({"datasets": [{"path": "9"}]}, "part '9' cannot be read as Zarr"),
        ({"datasets": [{"path": "../../etc"}]}, "cannot be read as Zarr"),
        ({"datasets": [{}]}, "listed without a path"),
        ({"datasets": "0"}, "datasets are not a list"),
        ({"datasets": [{"path": "0", "coordinateTransformations": scaled(1, 2)}]}, "scale is not 5 positive numbers"),
        ({"datasets": [{"path": "0", "coordinateTransformations": scaled(1, 1, 0, 1, 1)}]}, "not 5 positive numbers"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    path = ome_zarr(tmp_path / "a.zarr", multiscales=[multiscale(**changes)])
    with pytest.raises(CafiError, match=re.escape(problem)) as refusal:
        open_movie(path)
    assert str(path) in str(refusal.value)


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize("shape", [[4, 2, 3, 18, 2**40], [2**40, 2, 3, 18, 21], [4, 2, 3, 10**6, 10**3]])
def test_sizes_that_the_files_cannot_hold_are_refused_before_anything_is_allocated(
    tmp_path: Path, shape: list[int]
) -> None:
    path = ome_zarr(tmp_path / "a.zarr")
    edit(path / "0" / "zarr.json", shape=shape)
    with pytest.raises(CafiError, match="cannot hold"):
        open_movie(path)


def test_a_damaged_chunk_is_named_by_its_frame(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path / "a.zarr", options={"chunks": (1, 1, 1, 18, 21)})
    chunk = path / "0" / "c" / "2" / "1" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    with open_movie(path) as movie:
        assert_identical(movie.source.read(2, 0, 0), PLANES[2, 0, 0])
        with pytest.raises(CafiError, match=r"frame t=2 \(c=1, z=0\) cannot be read"):
            movie.source.read(2, 1, 0)


def test_damaged_json_is_refused(tmp_path: Path) -> None:
    path = ome_zarr(tmp_path / "a.zarr")
    (path / "zarr.json").write_text('{"zarr_format": 3,')
    with pytest.raises(CafiError, match="cannot be read as Zarr"):
        open_movie(path)


def test_a_scene_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CafiError, match=r"no scene 1; choose one of 0 \(cells\)"):
        open_movie(ome_zarr(tmp_path / "a.zarr"), ReadOptions(scene=1))
