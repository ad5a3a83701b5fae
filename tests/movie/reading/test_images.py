"""Folders and patterns of single frames as one movie; single images."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.reading import open_movie
from cafi.movie.reading.images import is_frame_folder, natural_key
from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all

FRAMES = pixels((12, 18, 21))


def pngs(folder: Path, frames: Any = FRAMES) -> Path:
    folder.mkdir(exist_ok=True)
    for t, frame in enumerate(frames):
        (folder / f"frame{t}.png").write_bytes(imagecodecs.png_encode(frame))
    return folder


def tiffs(folder: Path, frames: Any = FRAMES, **options: Any) -> Path:
    folder.mkdir(exist_ok=True)
    for t, frame in enumerate(frames):
        tifffile.imwrite(folder / f"frame{t}.tif", frame, **{"metadata": None} | options)
    return folder


def test_names_are_sorted_as_people_count() -> None:
    names = ["f10.png", "f9.png", "F1.png", "f010a.png", "f2.png"]
    assert sorted(names, key=natural_key) == ["F1.png", "f2.png", "f9.png", "f10.png", "f010a.png"]


@pytest.mark.parametrize("write", [pngs, tiffs])
def test_a_folder_of_frames_is_a_movie_in_the_order_of_names(tmp_path: Path, write: Any) -> None:
    folder = write(tmp_path / "cells")
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    movie, found = read_all(folder)
    assert_identical(found, FRAMES[:, None, None])
    assert movie.header.name == "cells"
    (assumption,) = movie.assumptions
    assert "12 files, in the order of their names, were taken as time" in assumption
    assert_identical(read_all(folder, axes="ZYX")[1], FRAMES[None, None])


def test_a_pattern_chooses_files(tmp_path: Path) -> None:
    folder = pngs(tmp_path / "a")
    tiffs(folder)
    assert_identical(read_all(folder / "frame?.png")[1], FRAMES[:10, None, None])
    assert_identical(read_all(tmp_path / "*" / "frame1*.tif")[1], FRAMES[[1, 10, 11], None, None])
    with pytest.raises(CafiError, match="it holds no images"):
        open_movie(folder / "*.jpg")


def test_colour_jpeg_and_png(tmp_path: Path) -> None:
    rgb = pixels((2, 18, 21, 3), "uint8")
    movie, found = read_all(pngs(tmp_path / "png", rgb))
    assert_identical(found, rgb[:, None, None])
    assert (movie.header.samples, movie.format) == (3, "PNG images")
    folder = tmp_path / "jpeg"
    folder.mkdir()
    for t in range(2):
        (folder / f"{t}.jpg").write_bytes(imagecodecs.jpeg_encode(rgb[t]))
    _, found = read_all(folder)
    assert_identical(found[1, 0, 0], imagecodecs.jpeg_decode((folder / "1.jpg").read_bytes()))


def test_a_single_image_is_a_movie_of_one_frame(tmp_path: Path) -> None:
    movie, found = read_all(pngs(tmp_path / "a") / "frame3.png")
    assert_identical(found, FRAMES[None, None, 3:4].reshape(1, 1, 1, 18, 21))
    assert movie.assumptions == ()


def test_calibration_of_tiff_frames_is_kept(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "a", resolution=(40000, 40000), resolutionunit="CENTIMETER", software="scope")
    header = read_all(folder)[0].header
    assert (header.pixel_size.x, header.pixel_size.y) == (0.25, 0.25)
    assert header.metadata.vendor == {"Software": "scope"}


@pytest.mark.parametrize("write", [pngs, tiffs])
@pytest.mark.parametrize("odd", [FRAMES[0, :9], FRAMES[0].astype("uint8")])
def test_a_frame_that_differs_is_named(tmp_path: Path, write: Any, odd: Any) -> None:
    frames = list(FRAMES)
    frames[7] = odd
    with pytest.raises(CafiError, match=r"frame7\.\w+ differs from frame0\.\w+ in kind, size or type"):
        open_movie(write(tmp_path / "a", frames))


def test_a_folder_with_a_movie_among_its_frames_is_refused(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "a")
    tifffile.imwrite(folder / "frame5.tif", FRAMES, photometric="minisblack", metadata=None)
    with pytest.raises(CafiError, match=r"frame5.tif: it holds several frames"):
        open_movie(folder)


def test_ome_tiff_files_of_one_plane_each_know_their_places(tmp_path: Path) -> None:
    data = "".join(
        f'<TiffData FirstT="{3 - n}" IFD="0"><UUID FileName="{n}.ome.tif">urn:uuid:{n}</UUID></TiffData>'
        for n in range(4)
    )
    for n in range(4):
        xml = (
            f'<OME UUID="urn:uuid:{n}"><Image><Pixels DimensionOrder="XYZCT" SizeX="21" SizeY="18" SizeZ="1" SizeC="1"'
            f' SizeT="4" TimeIncrement="2">{data}</Pixels></Image></OME>'
        )
        tifffile.imwrite(tmp_path / f"{n}.ome.tif", FRAMES[n], description=xml, metadata=None)
    movie, found = read_all(tmp_path)
    assert_identical(found, FRAMES[3::-1, None, None])
    assert (movie.format, movie.path) == ("OME-TIFF", tmp_path)
    assert is_frame_folder(tmp_path)


def test_frame_folders_are_told_from_folders_of_movies(tmp_path: Path) -> None:
    assert is_frame_folder(pngs(tmp_path / "png"))
    assert is_frame_folder(tiffs(tmp_path / "tiff"))
    assert not is_frame_folder(tmp_path / "tiff" / "frame0.tif")
    (tmp_path / "empty").mkdir()
    assert not is_frame_folder(tmp_path / "empty")
    pages = tiffs(tmp_path / "pages", FRAMES.reshape(3, 4, 18, 21), photometric="minisblack")
    assert not is_frame_folder(pages)
    mixed = tiffs(tmp_path / "mixed", FRAMES[:3])
    (mixed / "video.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST")
    assert not is_frame_folder(mixed)


def test_stacks_behind_one_directory_are_no_single_frames(tmp_path: Path) -> None:
    for n in range(2):
        tifffile.imwrite(
            tmp_path / f"{n}.tif", FRAMES, photometric="minisblack", truncate=True, metadata={"axes": "TYX"}
        )
    assert not is_frame_folder(tmp_path)
    single = tmp_path / "single"
    single.mkdir()
    for n in range(2):
        tifffile.imwrite(single / f"{n}.tif", FRAMES[n], imagej=True)
    assert is_frame_folder(single)


@pytest.mark.parametrize("kept", [10, 60, -5])
def test_a_truncated_image_is_named_with_its_frame(tmp_path: Path, kept: int) -> None:
    folder = pngs(tmp_path / "a")
    broken = folder / "frame4.png"
    broken.write_bytes(broken.read_bytes()[:kept])
    with pytest.raises(CafiError, match=r"frame4.png"), open_movie(folder) as movie:
        movie.source.read(4, 0, 0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_size_that_the_image_cannot_hold_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    size = struct.pack(">IIBBBBB", 2**30, 2**30, 16, 0, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"x" * 99) + chunk(b"IEND", b""))
    with pytest.raises(CafiError, match="cannot hold"):
        open_movie(path)
    jpeg = imagecodecs.jpeg_encode(FRAMES[0].astype("uint8"))
    at = jpeg.index(b"\xff\xc0")
    path.write_bytes(jpeg[: at + 5] + b"\xff\xff\xff\xff" + jpeg[at + 9 :])
    with pytest.raises(CafiError, match="cannot hold"):
        open_movie(path)


def test_every_changed_byte_of_a_png_is_noticed_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sound, path = imagecodecs.png_encode(FRAMES[0, :5, :6]), tmp_path / "a.png"
    for place in range(8, len(sound)):
        data = bytearray(sound)
        data[place] ^= 255
        path.write_bytes(data)
        with pytest.raises(CafiError, match=r"a\.png: "):
            open_movie(path)
    assert capfd.readouterr() == ("", "")


def test_odd_colour_profiles_do_not_matter(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = imagecodecs.png_encode(FRAMES[0])
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"iCCP", b"odd\0\0" + zlib.compress(b"no profile")) + data[33:])
    assert_identical(read_all(tmp_path / "a.png")[1][0, 0, 0], np.ascontiguousarray(FRAMES[0]))
    assert capfd.readouterr() == ("", "")
