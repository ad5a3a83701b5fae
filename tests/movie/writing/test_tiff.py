import struct
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import ome_types
import pytest
import tifffile
from roifile import ImagejRoi

from cafi.movie import provenance
from cafi.movie.carried import fields_from_imagej
from cafi.movie.model import Channel, PixelSize, SourceMetadata
from cafi.movie.options import WriteOptions
from cafi.movie.reindex import output_header
from cafi.movie.writing import make_sink, tiff, write_movie
from cafi.movie.writing.levels import halved
from tests.helpers import array_movie
from tests.movie.tables import doubled, header
from tests.movie.writing.reading_back import digest, pixels_of, stored, written

RNG = np.random.default_rng(3)


def noise(*shape: int, dtype: str = "uint16", top: int = 4000) -> np.ndarray:
    return RNG.integers(0, top, shape).astype(dtype)


def test_ome_tiff_states_axes_units_and_times(tmp_path: Path) -> None:
    times = np.array([0.1, 0.7, 0.9])
    written(
        noise(3, 2, 2, 20, 30),
        tmp_path / "a.ome.tif",
        times=times,
        pixel_size=PixelSize(0.3, 0.1, 0.11),
        channels=(Channel("GFP", "#00ff00"), Channel("mCherry µ", None)),
    )
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff_file:
        assert tiff_file.series[0].axes == "TZCYX"
        ome = ome_types.from_xml(tiff_file.ome_metadata, validate=True)
        assert len(tiff_file.pages) == 12
        assert tiff_file.pages[0].predictor == 2
    pixels = ome.images[0].pixels
    assert (pixels.physical_size_z, pixels.physical_size_y, pixels.physical_size_x) == (0.3, 0.1, 0.11)
    assert [channel.name for channel in pixels.channels] == ["GFP", "mCherry µ"]
    assert [plane.delta_t for plane in pixels.planes] == np.repeat(times, 4).tolist()


def test_large_frames_are_tiled_and_small_ones_are_not(tmp_path: Path) -> None:
    for size, tile in (((1030, 40), (512, 48)), ((1024, 1000), None)):
        pixels = noise(1, 1, 1, *size)
        written(pixels, tmp_path / "a.ome.tif")
        with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff_file:
            assert (tiff_file.pages[0].tile or None) == tile
            if tile is None:
                assert len(tiff_file.pages[0].dataoffsets) == 1
        np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.tif")[..., 0], pixels)


@pytest.mark.parametrize("compression", ["deflate", "none"])
def test_the_pyramid_holds_means_in_sub_directories(tmp_path: Path, compression: str) -> None:
    pixels = noise(2, 2, 1, 1300, 700)
    written(pixels, tmp_path / "a.ome.tif", WriteOptions(pyramid=True, compression=compression))
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff_file:
        levels = tiff_file.series[0].levels
        assert [level.shape for level in levels] == [(2, 2, 1300, 700), (2, 2, 650, 350), (2, 2, 325, 175)]
        np.testing.assert_array_equal(levels[0].asarray(), pixels[:, :, 0])
        for t in range(2):
            first = halved(pixels[t, :, 0])
            np.testing.assert_array_equal(levels[1].asarray()[t], first)
            np.testing.assert_array_equal(levels[2].asarray()[t], halved(first))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_file_is_as_large_as_the_codec_needs(tmp_path: Path, dtype: str) -> None:
    pixels = (RNG.poisson(60 + 50 * np.sin(np.arange(256) / 9), (12, 1, 1, 256, 256))).astype(dtype)
    written(pixels, tmp_path / "a.ome.tif")
    with tifffile.TiffWriter(tmp_path / "bare.tif") as bare:
        bare.write(
            pixels[:, 0, 0],
            photometric="minisblack",
            compression="zlib",
            predictor=dtype != "float32",
            rowsperstrip=256,
            metadata=None,
        )
    assert (tmp_path / "a.ome.tif").stat().st_size < 1.02 * (tmp_path / "bare.tif").stat().st_size + 12_000


def test_bigtiff_is_used_when_needed_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise(2, 1, 1, 32, 32)
    written(pixels, tmp_path / "a.ome.tif")
    written(pixels, tmp_path / "a.ome.btf")
    monkeypatch.setattr(tiff, "CLASSIC_LIMIT", 4000)
    written(pixels, tmp_path / "b.ome.tif")
    versions = [(tmp_path / name).read_bytes()[2] for name in ("a.ome.tif", "a.ome.btf", "b.ome.tif")]
    assert versions == [42, 43, 43]
    np.testing.assert_array_equal(pixels_of(tmp_path / "b.ome.tif")[..., 0], pixels)


def test_frames_may_come_in_any_order_from_many_threads(tmp_path: Path) -> None:
    pixels = noise(8, 2, 2, 64, 64)
    movie = array_movie(pixels)
    sink = make_sink(tmp_path / "a.ome.tif", tmp_path / "work", movie.header, WriteOptions())
    slots = [(t, z) for t in range(8) for z in range(2)]
    threads = [
        threading.Thread(target=lambda part=part: [sink.write(t, z, movie.frame(t, z)) for t, z in part])
        for part in (slots[::2], slots[::-2], slots)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.finish()
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.tif")[..., 0], pixels)


def test_wrong_planes_are_a_fault_of_the_caller(tmp_path: Path) -> None:
    sink = make_sink(tmp_path / "a.ome.tif", tmp_path / "work", header(), WriteOptions())
    with pytest.raises(ValueError, match="planes of shape"):
        sink.write(0, 0, np.zeros((1, 5, 4), np.uint16))
    with pytest.raises(ValueError, match="float32 planes"):
        sink.write(0, 0, np.zeros((1, 4, 5), np.float32))


def imagej_output(tmp_path: Path, **fields: object) -> tifffile.TiffFile:
    pixels = noise(5, 2, 2, 20, 30)
    times = np.array([0.5, 1.0, 1.5])
    source = array_movie(
        pixels[::2],
        times=times,
        times_from="interval",
        pixel_size=PixelSize(0.3, 0.325, 0.65),
        channels=(Channel("GFP", "#00ff00"), Channel("RFP", "#ff0000")),
        **fields,
    ).header
    output = output_header(source, doubled(times), {"method": "linear"})
    write_movie(replace(array_movie(pixels), header=output), tmp_path / "a.tif", WriteOptions())
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif")[..., 0], pixels)
    return tifffile.TiffFile(tmp_path / "a.tif")


def test_imagej_gets_hyperstack_axes_and_calibration(tmp_path: Path) -> None:
    with imagej_output(tmp_path) as tiff_file:
        assert tiff_file.is_imagej
        assert tiff_file.series[0].axes == "TZCYX"
        found = tiff_file.imagej_metadata
        assert (found["frames"], found["slices"], found["channels"], found["images"]) == (5, 2, 2, 20)
        assert (found["finterval"], found["tunit"], found["spacing"], found["unit"]) == (0.25, "s", 0.3, "um")
        assert (found["hyperstack"], found["mode"]) == (True, "composite")
        page = tiff_file.pages[0]
        assert page.tags["XResolution"].value == (20, 13)
        assert page.tags["YResolution"].value == (40, 13)
        # ImageJ opens one strip a page and knows no predictor for deflate.
        assert (page.predictor, page.is_tiled, len(page.dataoffsets)) == (1, False, 1)
        np.testing.assert_array_equal(found["LUTs"][0][:, 255], [0, 255, 0])


def test_imagej_marks_every_plane_and_carries_what_it_has_no_place_for(tmp_path: Path) -> None:
    with imagej_output(tmp_path, significant_bits=12) as tiff_file:
        found = tiff_file.imagej_metadata
    assert found["Labels"][:8] == ["acquired 0"] * 4 + ["interpolated 0-1 t=0.5"] * 4
    fields = fields_from_imagej(found["Info"])
    assert fields["times"].tolist() == [0.5, 0.75, 1.0, 1.25, 1.5]
    assert fields["channels"] == (Channel("GFP", "#00ff00"), Channel("RFP", "#ff0000"))
    assert (fields["significant_bits"], fields["pixel_size"]) == (12, PixelSize(0.3, 0.325, 0.65))
    recorded = provenance.from_imagej(found["Info"])
    assert recorded is not None
    assert recorded[1] == {"method": "linear"}


def test_imagej_keeps_what_an_imagej_source_had(tmp_path: Path) -> None:
    tables = [np.full((3, 256), 7, np.uint8), np.full((3, 256), 9, np.uint8)]
    description = {"ImageJ": "1.54f", "frames": 3, "slices": 2, "channels": 2, "fps": 7.0, "mode": "color", "min": 1.0}
    overlay = ImagejRoi.frompoints([[1, 2], [3, 4]], t=2).tobytes()
    imagej = description | {
        "vunit": "µV\nx",
        "Info": "Title: µ\nsecond line",
        "LUTs": tables,
        "Overlays": [overlay],
        "Properties": {"key": "valué"},
        "Ranges": (0.0, 10.0, 5.0, 20.0),
    }
    with imagej_output(tmp_path, metadata=SourceMetadata(imagej=imagej)) as tiff_file:
        found = tiff_file.imagej_metadata
    assert found["Info"].startswith("Title: µ\nsecond line\ncafi header: ")
    assert (found["mode"], found["min"], found["vunit"]) == ("color", 1.0, "\\u00b5V x")
    assert found["Ranges"] == (0.0, 10.0, 5.0, 20.0)
    assert found["Properties"] == {"key": "valué"}
    assert ImagejRoi.frombytes(found["Overlays"]).t_position == 5
    np.testing.assert_array_equal(found["LUTs"], tables)
    assert "fps" not in found


def test_irregular_times_become_their_mean_interval_in_imagej(tmp_path: Path) -> None:
    written(noise(3, 1, 1, 4, 4), tmp_path / "a.tif", times=np.array([1.0, 1.25, 4.0]))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff_file:
        assert tiff_file.imagej_metadata["finterval"] == 1.5


def test_a_depth_without_spacing_is_still_told_from_time(tmp_path: Path) -> None:
    written(noise(1, 1, 3, 4, 4), tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff_file:
        assert tiff_file.imagej_metadata["slices"] == 3
        assert tiff_file.imagej_metadata["spacing"] == 1.0


def test_rgb_opens_in_imagej_as_rgb(tmp_path: Path) -> None:
    pixels = noise(2, 1, 1, 6, 5, 3, dtype="uint8", top=255)
    written(pixels, tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff_file:
        assert tiff_file.pages[0].photometric == tifffile.PHOTOMETRIC.RGB
        assert tiff_file.series[0].axes == "TYXS"
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif"), pixels)


def test_uncompressed_imagej_files_are_one_contiguous_block(tmp_path: Path) -> None:
    pixels = noise(4, 1, 1, 8, 9)
    written(pixels, tmp_path / "a.tif", WriteOptions(compression="none"))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff_file:
        assert tiff_file.series[0].dataoffset is not None
    data = (tmp_path / "a.tif").read_bytes()
    assert struct.pack(f"<{pixels.size}H", *pixels.ravel()) in data


@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif"])
def test_the_order_of_writing_leaves_no_trace(tmp_path: Path, name: str) -> None:
    pixels = noise(3, 1, 2, 10, 10)
    written(pixels, tmp_path / name)
    first = digest(tmp_path / name)
    stored(pixels, tmp_path / name, tmp_path / "work").finish()
    assert digest(tmp_path / name) == first
