"""Whatever is given is opened by its content, or refused in one sentence that names it and the way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cafi.errors import CafiError
from cafi.movie.options import ReadOptions
from cafi.movie.reading import list_scenes, open_movie
from cafi.movie.reading.signatures import reader_of
from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all
from tests.movie.reading.test_zarr_images import ome_zarr

FRAMES = pixels((5, 18, 21))
PDF = b"%PDF-1.7\n"


@pytest.mark.parametrize(
    ("name", "head", "reader"),
    [
        ("a.dat", b"II*\0\x08\0\0\0", "tiff"),
        ("a.dat", b"MM\0*\0\0\0\x08", "tiff"),
        ("a.dat", b"II+\0\x08\0\0\0", "tiff"),
        ("a.dat", b"\xda\xce\xbe\x0a\0\0\0\0", "vendor"),
        ("a.nd2", b"\0\0\0\x0cjP  \r\n\x87\n", "vendor"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n", "images"),
        ("a.dat", b"ZISRAWFILE\0", "vendor"),
        ("a.dat", b"p\0\0\0\x9a\0\0\0*", "vendor"),
        ("a.dat", b"RIFF\0\0\0\0AVI LIST", "video"),
        ("a.dat", b"RIFF\0\0\0\0WEBPVP8 ", "images"),
        ("a.dat", b"\0\0\0\x20ftypisom", "video"),
        ("a.dat", b"\0\0\0\x14ftypqt  ", "video"),
        ("a.dat", b"\x1aE\xdf\xa3\x01", "video"),
        ("a.dat", b"\x89PNG\r\n\x1a\n", "images"),
        ("a.dat", b"\xff\xd8\xff\xe0", "images"),
        ("a.tif", PDF, None),
        ("a.tif", b"hello", None),
    ],
)
def test_files_are_recognised_by_content(tmp_path: Path, name: str, head: bytes, reader: str | None) -> None:
    assert reader_of(tmp_path / name, head) == reader


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.png", FRAMES, metadata={"axes": "TYX"})
    assert_identical(read_all(tmp_path / "a.png")[1], FRAMES[:, None, None])


def test_paths_may_be_text(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FRAMES, metadata={"axes": "TYX"})
    with open_movie(str(tmp_path / "a.tif"), ReadOptions()) as movie:
        assert movie.path == tmp_path / "a.tif"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.tif", None, "no such file or folder; check the name"),
        ("a.tif", b"", "it is empty"),
        ("a.tif", b"hello", "it is no image series; give TIFF"),
        ("a.pdf", PDF, "it is no image series; give TIFF"),
        ("a.tif", b"II*\0", "it is no TIFF file"),
        ("a.tif", b"II*\0\0\0\0\0", "it holds no page"),
        ("a.tif", b"II*\0\xff\xff\xff\x7f", "the directory of its page 0 lies beyond the end"),
        ("a.tif", b"II+\0\x08\0\0\0", "it is no TIFF file|it holds no page|beyond the end"),
        ("a.zarr.zip", b"PK\x03\x04nonsense", "cannot be opened as Zarr|cannot be read as Zarr"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "cannot be read"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "cannot be read"),
    ],
)
def test_what_is_no_movie_is_refused(tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CafiError, match=problem) as refusal:
        open_movie(path)
    sentence = str(refusal.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(".")
    assert not re.search(r"\. [A-Z]|\n", sentence)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(CafiError, match="it holds no images"):
        open_movie(tmp_path)


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FRAMES)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CafiError, match="you have no permission to read it; change its permissions"):
        open_movie(path)


def test_nothing_is_left_open_after_a_refusal(tmp_path: Path) -> None:
    import gc

    tifffile.imwrite(tmp_path / "a.tif", FRAMES, metadata={"axes": "TYX"})
    for options in ({"axes": "TCYX"}, {"scene": 4}):
        with pytest.raises(CafiError):
            open_movie(tmp_path / "a.tif", ReadOptions.model_validate(options))
    with pytest.raises(CafiError):
        open_movie(ome_zarr(tmp_path / "a.zarr"), ReadOptions(axes="TYX"))
    # pytest turns the warning of an unclosed file into an error.
    assert gc.collect() >= 0


def test_scenes_are_listed_and_the_first_is_opened_by_default(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for name in ("one", "two"):
            writer.write(FRAMES, metadata={"axes": "TYX", "Name": name}, photometric="minisblack")
    for scene in (None, "all"):
        assert list_scenes(path, ReadOptions(scene=scene)) == ("one", "two")
        assert read_all(path, scene=scene)[0].scene == 0
    assert list_scenes(path, ReadOptions(scene=9)) == ("one", "two")


def test_headers_and_planes_agree(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FRAMES.astype(">u2"), byteorder=">", metadata={"axes": "TYX"})
    with open_movie(tmp_path / "a.tif") as movie:
        plane = movie.source.read(0, 0, 0)
        assert plane.dtype == movie.header.dtype == np.dtype("=u2")
        assert plane.flags.c_contiguous
        assert plane.flags.writeable
        assert movie.frame(0, 0).shape == (1, 18, 21)
