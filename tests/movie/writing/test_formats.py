from pathlib import Path

import pytest

from cafi.errors import CafiError
from cafi.movie.options import WriteOptions
from cafi.movie.writing import bytes_estimate, check_writable, output_format, stem, suffix_of
from tests.movie.tables import header


@pytest.mark.parametrize(
    ("name", "form", "ending", "bare"),
    [
        ("a.ome.tif", "ome-tiff", ".ome.tif", "a"),
        ("a.b.OME.TIFF", "ome-tiff", ".OME.TIFF", "a.b"),
        ("a.ome.btf", "ome-tiff", ".ome.btf", "a"),
        ("a.ome.tf8", "ome-tiff", ".ome.tf8", "a"),
        ("a.tif", "imagej-tiff", ".tif", "a"),
        ("a.Tiff", "imagej-tiff", ".Tiff", "a"),
        ("a.ome.zarr", "ome-zarr", ".ome.zarr", "a"),
        ("a.zarr", "ome-zarr", ".zarr", "a"),
        ("ome.tif", "imagej-tiff", ".tif", "ome"),
    ],
)
def test_the_ending_tells_the_format(name: str, form: str, ending: str, bare: str) -> None:
    path = Path("some.folder") / name
    assert (output_format(path), suffix_of(path), stem(path)) == (form, ending, bare)


@pytest.mark.parametrize("name", ["a", "a.png", "a.mp4", "a.tif.gz", ".tif", ".ome.tif", ".ome.zarr", "a.btf"])
def test_other_endings_are_refused_with_the_three_that_work(name: str) -> None:
    with pytest.raises(CafiError, match=r"\.ome\.tif .*\.tif .*\.ome\.zarr"):
        output_format(Path(name))


def test_a_stem_is_known_for_any_name() -> None:
    assert [stem(Path(name)) for name in ("movie.nd2", "folder", "a.b.czi")] == ["movie", "folder", "a.b"]


@pytest.mark.parametrize("dtype", ["float16", "int64", "uint64", "bool"])
def test_what_ome_tiff_cannot_hold_is_sent_to_zarr(dtype: str) -> None:
    with pytest.raises(CafiError, match=rf"{dtype}; write to \.ome\.zarr"):
        check_writable(header(dtype=dtype), Path("a.ome.tif"))
    check_writable(header(dtype=dtype), Path("a.ome.zarr"))


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint32", "int32", "float64", "float16", "int64"])
def test_what_imagej_cannot_hold_is_sent_to_ome_tiff(dtype: str) -> None:
    with pytest.raises(CafiError, match=rf"a\.tif: ImageJ .*{dtype}; write to \.ome\.tif"):
        check_writable(header(dtype=dtype), Path("a.tif"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"samples": 3}, "RGB pixels of type uint16"),
        ({"samples": 4, "dtype": "uint8"}, "of 4 samples"),
        ({"samples": 3, "dtype": "uint8", "c": 2}, "2 channel"),
        ({"t": 3000, "y": 1024, "x": 1024}, "5.9 GiB of pixels"),
    ],
)
def test_imagej_refuses_other_shapes(fields: dict, problem: str) -> None:
    with pytest.raises(CafiError, match=problem):
        check_writable(header(**fields), Path("a.tif"))


def test_imagej_holds_large_movies_uncompressed() -> None:
    check_writable(header(t=3000, y=1024, x=1024), Path("a.tif"), WriteOptions(compression="none"))


@pytest.mark.parametrize(("option", "problem"), [({"compression": "zstd"}, "zstd"), ({"pyramid": True}, "pyramid")])
def test_imagej_refuses_what_it_cannot_open(option: dict, problem: str) -> None:
    with pytest.raises(CafiError, match=problem):
        check_writable(header(), Path("a.tif"), WriteOptions(**option))


@pytest.mark.parametrize("name", ["a.ome.tif", "a.tif", "a.ome.zarr"])
def test_empty_and_complex_movies_are_refused(name: str) -> None:
    with pytest.raises(CafiError, match="no pixels"):
        check_writable(header(t=0), Path(name))
    with pytest.raises(CafiError, match="complex64"):
        check_writable(header(dtype="complex64"), Path(name))


def test_a_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(CafiError, match="is a folder"):
        check_writable(header(), tmp_path / "a.tif")


def test_the_estimate_covers_frames_twice_for_tiff_and_the_pyramid() -> None:
    movie = header(t=10, c=2, y=100, x=100)
    raw = 10 * 2 * 100 * 100 * 2
    assert 2 * raw <= bytes_estimate(movie) <= 2.2 * raw
    assert bytes_estimate(movie, "ome-tiff", WriteOptions(pyramid=True)) >= 2 * 4 / 3 * raw
    assert 4 / 3 * raw <= bytes_estimate(movie, "ome-zarr") <= 1.4 * raw
