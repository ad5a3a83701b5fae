import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import ome_types
import pytest
import yaozarrs
import zarr

from cafi.movie import provenance
from cafi.movie.carried import fields_from_attributes
from cafi.movie.model import Channel, PixelSize, SourceMetadata
from cafi.movie.options import WriteOptions
from cafi.movie.reindex import output_header
from cafi.movie.writing import write_movie
from cafi.movie.writing.levels import halved
from tests.helpers import array_movie
from tests.movie.tables import doubled
from tests.movie.writing.reading_back import pixels_of, stored, written

RNG = np.random.default_rng(4)


def noise(*shape: int, dtype: str = "uint16") -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(dtype)


def test_metadata_are_valid_and_state_axes_units_and_scales(tmp_path: Path) -> None:
    target = tmp_path / "a.ome.zarr"
    written(
        noise(3, 2, 2, 300, 601),
        target,
        times=np.array([0.1, 0.6, 1.1]),
        pixel_size=PixelSize(0.3, 0.1, 0.2),
        channels=(Channel("GFP", "#00ff00"), Channel(None, None)),
    )
    yaozarrs.validate_zarr_store(str(target))
    ome = zarr.open_group(target, mode="r").attrs.asdict()["ome"]
    multiscale = ome["multiscales"][0]
    assert ome["version"] == "0.5"
    assert [(axis["name"], axis["type"], axis.get("unit")) for axis in multiscale["axes"]] == [
        *(("t", "time", "second"), ("c", "channel", None)),
        *((name, "space", "micrometer") for name in "zyx"),
    ]
    scales = [dataset["coordinateTransformations"] for dataset in multiscale["datasets"]]
    assert scales[0] == [{"type": "scale", "scale": [0.5, 1.0, 0.3, 0.1, 0.2]}]
    assert scales[2] == [
        {"type": "scale", "scale": [0.5, 1.0, 0.3, 0.4, 0.8]},
        {"type": "translation", "translation": [0.0, 0.0, 0.0, pytest.approx(0.15), pytest.approx(0.3)]},
    ]
    assert [(each["label"], each["color"]) for each in ome["omero"]["channels"]] == [
        *(("GFP", "00FF00"), ("Channel 1", "FF00FF")),
    ]


def test_unknown_units_are_left_out(tmp_path: Path) -> None:
    written(noise(2, 1, 1, 4, 4), tmp_path / "a.zarr", pixel_size=PixelSize(None, 1.0, 1.0, "pixel"))
    yaozarrs.validate_zarr_store(str(tmp_path / "a.zarr"))
    axes = zarr.open_group(tmp_path / "a.zarr").attrs.asdict()["ome"]["multiscales"][0]["axes"]
    assert all("unit" not in axis for axis in axes)


def test_levels_are_means_down_to_256_pixels(tmp_path: Path) -> None:
    pixels = noise(2, 1, 1, 300, 601)
    written(pixels, tmp_path / "a.ome.zarr")
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="r")
    assert sorted(group.array_keys()) == ["0", "1", "2"]
    first = halved(pixels[1, :, 0])
    np.testing.assert_array_equal(group["1"][1, :, 0], first)
    np.testing.assert_array_equal(group["2"][1, :, 0], halved(first))


def test_large_planes_are_one_shard_of_many_chunks(tmp_path: Path) -> None:
    pixels = noise(2, 2, 1, 600, 40)
    written(pixels, tmp_path / "a.ome.zarr")
    array = zarr.open_array(tmp_path / "a.ome.zarr" / "0", mode="r")
    assert (array.chunks, array.shards) == ((1, 1, 1, 512, 40), (1, 1, 1, 1024, 40))
    files = [file for file in (tmp_path / "a.ome.zarr" / "0" / "c").rglob("*") if file.is_file()]
    assert len(files) == 4
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.zarr")[..., 0], pixels)


def test_blank_frames_are_stored_so_that_they_are_not_missing(tmp_path: Path) -> None:
    written(np.zeros((2, 1, 1, 8, 8), np.uint16), tmp_path / "a.ome.zarr")
    assert (tmp_path / "a.ome.zarr" / "0" / "c" / "1" / "0" / "0" / "0" / "0").exists()


def test_rgb_becomes_channels_and_says_so(tmp_path: Path) -> None:
    pixels = noise(2, 2, 1, 5, 6, 3, dtype="uint8")
    written(pixels, tmp_path / "a.ome.zarr")
    yaozarrs.validate_zarr_store(str(tmp_path / "a.ome.zarr"))
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="r")
    assert group["0"].shape == (2, 6, 1, 5, 6)
    np.testing.assert_array_equal(group["0"][1, 4, 0], pixels[1, 1, 0, :, :, 1])
    assert group.attrs.asdict()["cafi"]["samples"] == 3
    colors = [channel["color"] for channel in group.attrs.asdict()["ome"]["omero"]["channels"]]
    assert colors == ["FF0000", "00FF00", "0000FF"] * 2


def test_display_ranges_follow_the_pixels_and_ignore_non_finite_ones(tmp_path: Path) -> None:
    pixels = np.full((1, 2, 1, 4, 4), 7, np.float32)
    pixels[0, 0, 0, :2] = 3
    pixels[0, 0, 0, 3, 3] = np.nan
    pixels[0, 1] = np.inf
    written(pixels, tmp_path / "a.ome.zarr")
    windows = [
        channel["window"] for channel in zarr.open_group(tmp_path / "a.ome.zarr").attrs["ome"]["omero"]["channels"]
    ]
    assert windows[0] == {"min": 3.0, "max": 7.0, "start": 3.0, "end": 7.0}
    assert windows[1] == {"min": 0.0, "max": 1.0, "start": 0.0, "end": 1.0}


def test_provenance_exact_times_and_source_metadata_are_in_it(tmp_path: Path) -> None:
    pixels = noise(5, 1, 1, 6, 6)
    times = np.array([0.1, 0.30000000000000004, 1 / 3])
    metadata = SourceMetadata(vendor={"camera": {"gain": 1.5}})
    source = array_movie(pixels[::2], times=times, times_from="planes", metadata=metadata).header
    output = output_header(source, doubled(times), {"method": "cubic"})
    write_movie(replace(array_movie(pixels), header=output), tmp_path / "a.ome.zarr", WriteOptions())
    yaozarrs.validate_zarr_store(str(tmp_path / "a.ome.zarr"))
    attributes = json.loads((tmp_path / "a.ome.zarr" / "zarr.json").read_text())["attributes"]
    found = provenance.from_attributes(attributes)
    assert found is not None
    assert found[1] == {"method": "cubic"}
    assert fields_from_attributes(attributes)["times"].tolist() == output.times.tolist()  # type: ignore[union-attr]
    xml = (tmp_path / "a.ome.zarr" / "OME" / "METADATA.ome.xml").read_text(encoding="utf-8")
    ome = ome_types.from_xml(xml, validate=True)
    assert ome.images[0].pixels.metadata_only is not None
    assert [plane.delta_t for plane in ome.images[0].pixels.planes] == output.times.tolist()  # type: ignore[union-attr]
    assert "gain" in xml


@pytest.mark.parametrize("dtype", ["float16", "uint64", "bool"])
def test_pixel_types_that_ome_does_not_know_still_make_valid_metadata(tmp_path: Path, dtype: str) -> None:
    pixels = noise(2, 1, 1, 4, 4).astype(dtype)
    written(pixels, tmp_path / "a.ome.zarr")
    yaozarrs.validate_zarr_store(str(tmp_path / "a.ome.zarr"))
    xml = (tmp_path / "a.ome.zarr" / "OME" / "METADATA.ome.xml").read_text(encoding="utf-8")
    assert ome_types.from_xml(xml, validate=True).images[0].pixels.size_t == 2
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.zarr")[..., 0], pixels)


def test_without_compression_chunks_are_the_bare_pixels(tmp_path: Path) -> None:
    pixels = noise(1, 1, 1, 4, 4)
    written(pixels, tmp_path / "a.ome.zarr", WriteOptions(compression="none"))
    chunk = tmp_path / "a.ome.zarr" / "0" / "c" / "0" / "0" / "0" / "0" / "0"
    assert chunk.read_bytes() == pixels.astype("<u2").tobytes()


def test_drafts_of_killed_writes_are_not_published(tmp_path: Path) -> None:
    sink = stored(noise(2, 1, 1, 4, 4), tmp_path / "a.ome.zarr", tmp_path / "work")
    (tmp_path / "work" / "data.zarr" / "0" / "c" / "0" / "0.123.partial").write_bytes(b"half")
    sink.finish()
    assert not list((tmp_path / "a.ome.zarr").rglob("*.partial"))


def test_wrong_planes_are_a_fault_of_the_caller(tmp_path: Path) -> None:
    sink = stored(noise(1, 1, 1, 4, 4), tmp_path / "a.ome.zarr", tmp_path / "work")
    with pytest.raises(ValueError, match="planes of shape"):
        sink.write(0, 0, np.zeros((1, 4, 5), np.uint16))
