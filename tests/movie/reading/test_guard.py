"""Named errors of libraries become one sentence; faults of our own stay what they are."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import Any

import pytest
import tifffile
import zarr

from cafi.errors import CafiError
from cafi.movie.reading import dimensions, guard, open_movie, tiff, tiff_source, zarr_source
from tests.movie.reading.reading_helpers import pixels
from tests.movie.reading.test_zarr_images import ome_zarr

PATH = Path("cells.tif")


def library(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        IndexError(),
        struct.error("x"),
        ZeroDivisionError(),
        SystemError(),
        tifffile.TiffFileError("x"),
    ],
)
def test_library_errors_become_one_sentence_without_the_librarys_words(error: Exception) -> None:
    with pytest.raises(CafiError) as refusal, guard.guarded(PATH, "page 3 cannot be read"):
        library(error)
    assert str(refusal.value) == f"cells.tif: page 3 cannot be read; {guard.DAMAGED}."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(errno.EACCES, "x"), "no permission to read it; change its permissions"),
        (PermissionError(errno.EACCES, "x", "folder/b.tif"), "^folder/b.tif: you have no permission to read it"),
        (FileNotFoundError(errno.ENOENT, "x"), "no such file"),
        (MemoryError(), "needs more memory than there is"),
        (OSError(errno.ENOMEM, "x"), "needs more memory than there is"),
    ],
)
def test_what_the_system_refuses_is_told(error: Exception, told: str) -> None:
    with pytest.raises(CafiError, match=told), guard.guarded(PATH, "it cannot be opened"):
        library(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), UserWarning("x"), NameError("x")])
def test_everything_else_passes(error: BaseException) -> None:
    with pytest.raises(type(error)), guard.guarded(PATH, "it cannot be opened"):
        library(error)


def test_a_library_that_is_called_wrongly_is_our_fault() -> None:
    with pytest.raises(TypeError), guard.guarded(PATH, "it cannot be opened"):
        library()  # type: ignore[call-arg]
    with pytest.raises(AttributeError), guard.guarded(PATH, "it cannot be opened"):
        PATH.opne()  # type: ignore[attr-defined]


def test_declared_sizes_are_compared_with_what_is_stored() -> None:
    guard.check_declared(PATH, "page 3", 1000, 10, 100)
    with pytest.raises(CafiError, match=r"page 3 is declared to be 1\.0 kB large, which the 10 bytes stored for it"):
        guard.check_declared(PATH, "page 3", 1001, 10, 100)
    guard.check_declared(PATH, "page 3", 1001, 10, 100, sparse=1)


@pytest.fixture
def movie_files(tmp_path: Path) -> dict[str, Path]:
    tifffile.imwrite(tmp_path / "a.tif", pixels((5, 18, 21)), metadata={"axes": "TYX"}, compression="zlib")
    return {"tiff": tmp_path / "a.tif", "zarr": ome_zarr(tmp_path / "a.zarr")}


@pytest.mark.parametrize("fault", [TypeError, ValueError, KeyError, IndexError, AssertionError])
@pytest.mark.parametrize(
    ("kind", "place", "name"),
    [
        ("tiff", dimensions.Dimensions, "squeezed"),
        ("tiff", dimensions.Dimensions, "locate"),
        ("tiff", tiff, "frame_times"),
        ("tiff", tiff, "settle"),
        ("tiff", tiff_source.TiffPlanes, "_number"),
        ("zarr", zarr_source.ZarrPlanes, "_block"),
        ("zarr", zarr_source, "_within"),
    ],
)
def test_a_fault_in_our_own_code_is_not_dressed_as_bad_input(
    movie_files: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    place: Any,
    name: str,
    fault: type[Exception],
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise fault("planted")

    monkeypatch.setattr(place, name, broken)
    with pytest.raises(fault, match="planted"), open_movie(movie_files[kind]) as movie:
        movie.source.read(0, 0, 0)


def test_tifffiles_log_does_not_reach_the_terminal(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels((5, 18, 21)), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as tiff_file:
        tiff_file.pages[0].tags[296].overwrite(999)
    code = f"from cafi.movie.reading import open_movie; open_movie({str(path)!r}).source.close()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")
    with pytest.raises(ValueError, match="999"):
        tifffile.RESUNIT(999)


def test_zarr_is_guarded_where_it_is_called(movie_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        return library(RuntimeError("in the library"))

    monkeypatch.setattr(zarr.Array, "__getitem__", broken)
    with (
        pytest.raises(CafiError, match=r"frame t=0 \(c=0, z=0\) cannot be read"),
        open_movie(movie_files["zarr"]) as movie,
    ):
        movie.source.read(0, 0, 0)
