"""Plain TIFF, tifffile's own and those of other programs: what pages are, what was assumed, what is refused."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading import list_scenes, open_movie
from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all

FRAMES = pixels((5, 18, 21))


def plain(path: Path, frames: Any = FRAMES, **options: Any) -> Path:
    tifffile.imwrite(path, frames, **{"photometric": "minisblack", "metadata": None} | options)
    return path


def test_pages_of_unknown_meaning_are_taken_as_time_and_this_is_told(tmp_path: Path) -> None:
    movie, found = read_all(plain(tmp_path / "a.tif"))
    assert_identical(found, FRAMES[:, None, None])
    (assumption,) = movie.assumptions
    assert "5 pages were taken as time" in assumption
    assert "--axes ZYX" in assumption


def test_axes_decide_and_nothing_is_assumed(tmp_path: Path) -> None:
    movie, found = read_all(plain(tmp_path / "a.tif"), axes="ZYX")
    assert_identical(found, FRAMES[None, None])
    assert movie.assumptions == ()


@pytest.mark.parametrize(
    ("axes", "problem"),
    [
        ("XYT", "Y and X elsewhere"),
        ("YXT", "Y and X elsewhere"),
        ("TTYX", "names a dimension twice"),
        ("YYX", "names a dimension twice"),
        ("QYX", "letters other than"),
        ("TCYX", "names 4 dimensions"),
        ("YX", "names 2 dimensions"),
        ("", "names 0 dimensions"),
        ("SYX", "has S where the file has no samples"),
        ("CYS", "Y and X elsewhere"),
    ],
)
def test_axes_that_do_not_fit_are_refused_with_the_files_dimensions(tmp_path: Path, axes: str, problem: str) -> None:
    with pytest.raises(CafiError, match=problem) as refusal:
        open_movie(plain(tmp_path / "a.tif"), ReadOptions(axes=axes))
    assert "dimensions are ?YX of shape 5x18x21" in str(refusal.value)


def test_axes_may_name_dimensions_of_length_one_or_leave_them_out(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    planes = pixels((1, 4, 1, 18, 21))
    tifffile.imwrite(path, planes, photometric="minisblack", metadata={"axes": "TCZYX"})
    for axes in ("TCZYX", "CTZYX", "CYX"):
        _, found = read_all(path, axes=axes)
        expected = planes if axes != "CTZYX" else planes.transpose(1, 0, 2, 3, 4)
        assert_identical(found, np.ascontiguousarray(expected))


def test_two_unknown_dimensions_are_asked_for(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", pixels((4, 5, 18, 21)), metadata={})
    with pytest.raises(
        CafiError, match=re.escape("dimensions ??YX of shape 4x5x18x21 mean; say it with --axes, such as --axes TZYX")
    ):
        open_movie(path)
    assert read_all(path, axes="TCYX")[0].header.size[:3] == (4, 5, 1)


def test_frames_written_one_by_one_are_one_movie(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for frame in FRAMES:
            writer.write(frame, contiguous=False)
    movie, found = read_all(tmp_path / "a.tif")
    assert_identical(found, FRAMES[:, None, None])
    assert movie.scenes == ("a",)


def test_channels_written_frame_by_frame_keep_their_axes(tmp_path: Path) -> None:
    planes = pixels((5, 2, 18, 21))
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for frame in planes:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata={"axes": "CYX"})
    _, found = read_all(tmp_path / "a.tif")
    assert_identical(found, planes[:, :, None])


def test_pages_of_several_sizes_are_scenes_and_thumbnails_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    others = pixels((3, 7, 9))
    with tifffile.TiffWriter(path) as writer:
        writer.write(FRAMES, photometric="minisblack", metadata=None, contiguous=False)
        writer.write(others, photometric="minisblack", metadata=None, contiguous=False)
        for frame in FRAMES:
            writer.write(frame[::2, ::2], subfiletype=1, metadata=None)
    assert list_scenes(path) == ("a pages 0-4", "a pages 5-7")
    assert_identical(read_all(path)[1], FRAMES[:, None, None])
    assert_identical(read_all(path, scene=1)[1], others[:, None, None])
    with pytest.raises(CafiError, match=r"no scene 2; choose one of 0 \(a pages 0-4\), 1 \(a pages 5-7\)"):
        open_movie(path, ReadOptions(scene=2))


def test_pyramid_levels_are_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(FRAMES, subifds=1, photometric="minisblack", metadata={"axes": "TYX"})
        writer.write(FRAMES[:, ::2, ::2], subfiletype=1, photometric="minisblack", metadata=None)
    assert_identical(read_all(path)[1], FRAMES[:, None, None])


def test_pages_with_several_planes_in_them(tmp_path: Path) -> None:
    volumes = pixels((4, 3, 18, 21))
    path = plain(
        tmp_path / "v.tif", volumes, volumetric=True, tile=(1, 16, 16), compression="zlib", metadata={"axes": "TZYX"}
    )
    _, found = read_all(path)
    assert_identical(found, volumes[:, None])
    channels = plain(tmp_path / "c.tif", pixels((4, 18, 21, 2)), planarconfig="contig", extrasamples=["unspecified"])
    movie, found = read_all(channels)
    assert_identical(found, np.moveaxis(tifffile.imread(channels), -1, 1)[:, :, None])
    assert (movie.header.size.c, movie.header.samples) == (2, 1)


def test_planes_do_not_share_memory_with_the_page_that_is_kept(tmp_path: Path) -> None:
    path = plain(tmp_path / "v.tif", pixels((4, 3, 18, 21)), volumetric=True, metadata={"axes": "TZYX"})
    with open_movie(path) as movie:
        first = movie.source.read(0, 0, 1).copy()
        movie.source.read(0, 0, 1)[:] = 0
        assert_identical(movie.source.read(0, 0, 1), first)


def test_packed_bits_are_read_and_told(tmp_path: Path) -> None:
    frames = FRAMES % 4096
    movie, found = read_all(plain(tmp_path / "a.tif", frames, bitspersample=12))
    assert_identical(found, frames[:, None, None])
    assert movie.header.significant_bits == 12


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_types_that_cannot_be_interpolated_are_refused(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(CafiError, match="type that cannot be interpolated; convert"):
        open_movie(plain(tmp_path / "a.tif", FRAMES.astype(dtype)))


def test_resolution_tags_are_pixel_sizes_unless_they_are_dots_per_inch(tmp_path: Path) -> None:
    measured = plain(tmp_path / "a.tif", resolution=(40000, 20000), resolutionunit="CENTIMETER")
    size = read_all(measured)[0].header.pixel_size
    assert (size.x, size.y, size.z, size.unit) == (0.25, 0.5, None, "µm")
    for dpi in (72, 96, 300):
        printed = plain(tmp_path / "b.tif", resolution=(dpi, dpi), resolutionunit="INCH")
        assert read_all(printed)[0].header.pixel_size.x is None


def test_calibration_and_text_in_tifffiles_metadata_are_kept(tmp_path: Path) -> None:
    metadata = {"axes": "TYX", "finterval": 59.86, "unit": "um"}
    path = plain(
        tmp_path / "a.tif", metadata=metadata, resolution=(4, 4), software="scope", datetime="2024:01:02 03:04:05"
    )
    header = read_all(path)[0].header
    assert header.times is not None
    assert header.times.tolist() == [59.86 * t for t in range(5)]
    assert (header.times_from, header.pixel_size.x) == ("interval", 0.25)
    assert header.metadata.vendor is not None
    assert header.metadata.vendor["Software"] == "scope"
    assert header.metadata.vendor["DateTime"] == "2024:01:02 03:04:05"
    assert "59.86" in header.metadata.vendor["ImageDescription"]


def test_the_codec_is_told(tmp_path: Path) -> None:
    for codec, name in ((None, None), ("zlib", "deflate"), ("lzw", "lzw"), ("zstd", "zstd"), ("lzma", "lzma")):
        assert read_all(plain(tmp_path / "a.tif", compression=codec))[0].compression == name


def test_jpeg_is_read_as_tifffile_reads_it(tmp_path: Path) -> None:
    rgb = pixels((3, 18, 21, 3), "uint8")
    path = plain(tmp_path / "a.tif", rgb, photometric="rgb", compression="jpeg")
    movie, found = read_all(path)
    assert_identical(found, tifffile.imread(path)[:, None, None])
    assert movie.compression == "jpeg"


def test_lsm_is_read_with_its_axes_calibration_and_stamps_and_without_thumbnails(tmp_path: Path) -> None:
    planes = pixels((3, 3, 18, 21))  # T, C
    info = np.zeros(1, [(name, "<" + kind) for name, kind in tifffile.TIFF.CZ_LSMINFO])
    sizes = {"X": 21, "Y": 18, "Z": 1, "Channels": 3, "Time": 3}
    facts = {"MagicNumber": 67127628, "StructureSize": info.nbytes, "ScanType": 3, "TimeIntervall": 1.5}
    facts |= {f"Dimension{axis}": size for axis, size in sizes.items()} | {f"VoxelSize{axis}": 2e-7 for axis in "XY"}
    for name, value in facts.items():
        info[name] = value
    path = tmp_path / "a.lsm"
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for t in range(3):
            tags = [(34412, 1, info.nbytes, info.tobytes(), True)] if t == 0 else []
            # LSM calls three channels RGB.
            options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "contiguous": False}
            writer.write(planes[t], planarconfig="separate", extratags=tags, **options)
            writer.write(np.zeros((4, 4, 3), "uint8"), subfiletype=1, **options)
    movie, found = read_all(path)
    assert_identical(found, planes[:, :, None])
    assert (movie.format, movie.assumptions) == ("Zeiss LSM", ())
    assert movie.header.pixel_size.x == pytest.approx(0.2, rel=1e-12)
    assert movie.header.times is not None
    assert movie.header.times.tolist() == [0, 1.5, 3]


def test_threads_may_read_together(tmp_path: Path) -> None:
    frames = pixels((40, 64, 64))
    with open_movie(plain(tmp_path / "a.tif", frames, compression="zlib", rowsperstrip=8)) as movie:
        wrong: list[int] = []

        def read(start: int) -> None:
            wrong.extend(t for t in range(start, 40, 4) if (movie.source.read(t, 0, 0) != frames[t]).any())

        threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("codec", [None, "zlib", "lzw", "jpeg"])
def test_a_truncated_file_is_refused_or_read_right(tmp_path: Path, keep: float, codec: str | None) -> None:
    frames = FRAMES.astype("uint8") if codec == "jpeg" else FRAMES
    path = plain(tmp_path / "a.tif", frames, compression=codec)
    whole = read_all(path)[1]
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(CafiError, match="damaged or incomplete") as refusal:
        assert_identical(read_all(path)[1], whole)
    assert str(path) in str(refusal.value)


def test_a_page_that_cannot_be_decoded_is_named_by_its_frame(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[3]
        start, count = page.dataoffsets[0], page.databytecounts[0]
    data = bytearray(path.read_bytes())
    data[start : start + count] = b"\xa5" * count
    path.write_bytes(data)
    with open_movie(path) as movie:
        assert_identical(movie.source.read(2, 0, 0), FRAMES[2])
        with pytest.raises(CafiError, match=r"frame t=3 \(c=0, z=0\) cannot be read"):
            movie.source.read(3, 0, 0)


def set_tag(path: Path, code: int, value: int, page: int = 0) -> None:
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[page].tags[code].overwrite(value)


@pytest.mark.parametrize("code", [256, 257])
def test_sizes_that_the_file_cannot_hold_are_refused_before_anything_is_allocated(tmp_path: Path, code: int) -> None:
    for codec in (None, "zlib", "zstd"):
        path = plain(tmp_path / "a.tif", compression=codec)
        set_tag(path, code, 2**31 - 1)
        with pytest.raises(CafiError, match=r"cannot hold|contradicts itself"):
            read_all(path)


def test_a_page_of_another_size_within_a_stack_is_named(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", metadata={"axes": "TYX"})
    set_tag(path, 257, 9, page=2)
    with open_movie(path) as movie, pytest.raises(CafiError, match=r"frame t=2 .* of shape \(9, 21\) where"):
        movie.source.read(2, 0, 0)


@pytest.mark.parametrize("code", [259, 317])
def test_a_tag_that_cannot_be_read_does_not_become_its_default(tmp_path: Path, code: int) -> None:
    path = plain(tmp_path / "a.tif", compression="zlib", predictor=True)
    with tifffile.TiffFile(path) as tiff:
        entry = tiff.pages[2].tags[code].offset
    data = bytearray(path.read_bytes())
    data[entry + 2 : entry + 4] = (99).to_bytes(2, "little")  # of a type that there is not
    path.write_bytes(data)
    with open_movie(path) as movie, pytest.raises(CafiError, match=f"tag {code} of frame t=2"):
        movie.source.read(2, 0, 0)


def test_a_chain_of_pages_that_bites_its_tail_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif")
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[4].offset
    data = bytearray(path.read_bytes())
    link = last + 2 + 12 * int.from_bytes(data[last : last + 2], "little")
    data[link : link + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(CafiError, match="page directory 5 points back"):
        open_movie(path)


def test_a_header_of_more_pages_than_the_file_holds_is_refused_and_axes_are_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    description = '{"shape": [9, 18, 21], "axes": "TYX"}'
    plain(path, description=description, compression="zlib")
    with pytest.raises(CafiError, match="states the shape 9x18x21, but it holds 5 pages"):
        open_movie(path)
    assert_identical(read_all(path, axes="TYX")[1], FRAMES[:, None, None])


def test_memory_does_not_grow_with_the_frames_that_were_read(tmp_path: Path) -> None:
    import tracemalloc

    path = plain(tmp_path / "a.tif", pixels((300, 64, 64)), compression="zlib")
    with open_movie(path) as movie:
        for t in range(50):
            movie.source.read(t, 0, 0)
        tracemalloc.start()
        try:
            for t in range(50, 300):
                movie.source.read(t, 0, 0)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # Of 2 MB that were read: what the frames' deflated bytes would be already.
    assert grown < 100_000
