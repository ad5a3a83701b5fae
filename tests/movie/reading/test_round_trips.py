"""Whatever tifffile and zarr write comes out with the same bits, for all types, axes and sizes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.movie.reading.reading_helpers import assert_identical, pixels, read_all

INTEGERS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "float32", "float64"]
OME_TYPES = ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"]
lengths = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 19), st.integers(1, 21))
outer_axes = st.permutations("TCZ")
codecs = st.sampled_from([None, "zlib", "lzw", "zstd"])
byteorders = st.sampled_from(["<", ">"])


def wide(size: tuple[int, ...]) -> tuple[int, ...]:
    """At least two columns: tifffile writes OME-TIFF and ImageJ stacks of one column with other axes."""
    return (*size[:4], max(2, size[4]))


def stored_as(planes: NDArray[Any], outer: list[str]) -> tuple[NDArray[Any], str]:
    """TCZYX planes with their outer axes in another order, and that order."""
    order = ["TCZ".index(axis) for axis in outer]
    return np.ascontiguousarray(planes.transpose(*order, 3, 4)), "".join(outer) + "YX"


@settings(max_examples=40, deadline=None)
@given(lengths, st.sampled_from(OME_TYPES), outer_axes, codecs, byteorders, st.booleans(), st.booleans())
def test_ome_tiff(
    size: tuple[int, ...], dtype: str, outer: list[str], codec: str | None, byteorder: Any, big: bool, tiled: bool
) -> None:
    size = wide(size)
    planes = pixels(size, dtype)
    stored, axes = stored_as(planes, outer)
    tile = {"tile": (16, 16)} if tiled else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.ome.tif"
        tifffile.imwrite(
            path,
            stored,
            photometric="minisblack",
            compression=codec,
            byteorder=byteorder,
            bigtiff=big,
            metadata={"axes": axes},
            **tile,
        )
        movie, found = read_all(path)
    assert_identical(found, planes)
    assert (movie.header.size, movie.format, movie.assumptions) == (size, "OME-TIFF", ())


@settings(max_examples=40, deadline=None)
@given(lengths, st.sampled_from(INTEGERS + FLOATS), outer_axes, codecs, byteorders, st.booleans(), st.booleans())
def test_tifffiles_own_and_plain_tiff_with_axes(
    size: tuple[int, ...], dtype: str, outer: list[str], codec: str | None, byteorder: Any, stated: bool, one_page: bool
) -> None:
    planes = pixels(size, dtype)
    stored, axes = stored_as(planes, outer)
    metadata = {"axes": axes} if stated else {}
    options: dict[str, Any] = {"truncate": True} if one_page and codec is None else {"compression": codec}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.tif"
        tifffile.imwrite(path, stored, photometric="minisblack", byteorder=byteorder, metadata=metadata, **options)
        movie, found = read_all(path, **({} if stated else {"axes": axes}))
    assert_identical(found, planes)
    assert movie.header.size == size


@settings(max_examples=40, deadline=None)
@given(lengths, st.sampled_from(["uint8", "uint16", "float32"]), byteorders, st.sampled_from([None, "zlib"]))
def test_imagej_hyperstacks(size: tuple[int, ...], dtype: str, byteorder: Any, codec: str | None) -> None:
    size = wide(size)
    planes = pixels(size, dtype)
    stored = np.ascontiguousarray(planes.transpose(0, 2, 1, 3, 4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.tif"
        tifffile.imwrite(
            path,
            stored,
            imagej=True,
            byteorder=byteorder,
            compression=codec,
            metadata={"axes": "TZCYX", "spacing": 0.5},
        )
        movie, found = read_all(path, axes="TZCYX")
    assert_identical(found, planes)
    assert movie.header.size == size


@settings(max_examples=40, deadline=None)
@given(
    lengths,
    st.sampled_from(INTEGERS + FLOATS),
    st.sampled_from([2, 3]),
    st.lists(st.sampled_from("tcz"), unique=True),
    byteorders,
    st.booleans(),
    st.lists(st.integers(1, 8), min_size=5, max_size=5),
)
def test_ome_zarr_with_any_axes(
    size: tuple[int, ...], dtype: str, version: Any, outer: list[str], byteorder: str, sharded: bool, chunks: list[int]
) -> None:
    order = ["tcz".index(axis) for axis in outer]
    kept = tuple(size[at] for at in order) + size[3:]
    stored = pixels(kept, dtype)
    axes = [{"name": name} for name in [*outer, "y", "x"]]
    chunk = tuple(min(part, length) for part, length in zip(chunks[5 - len(kept) :], kept, strict=True))
    shards = tuple(2 * part for part in chunk) if sharded and version == 3 else None
    with tempfile.TemporaryDirectory() as folder:
        group = zarr.open_group(folder, mode="w", zarr_format=version)
        array = group.create_array(
            "0", shape=kept, dtype=np.dtype(dtype).newbyteorder(byteorder), chunks=chunk, shards=shards
        )
        array[...] = stored
        multiscales = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
        group.attrs.update({"multiscales": multiscales} if version == 2 else {"ome": {"multiscales": multiscales}})
        movie, found = read_all(Path(folder))
    lost = [at for at in range(3) if at not in order]
    full = np.expand_dims(stored, tuple(range(len(lost)))).transpose(_to_tczyx(order, lost))
    assert_identical(found, np.ascontiguousarray(full))
    assert movie.header.size == full.shape


def _to_tczyx(order: list[int], lost: list[int]) -> list[int]:
    """Where t, c, z, y and x are in an array whose lost axes come first."""
    stored = [*lost, *order]
    return [stored.index(at) for at in range(3)] + [3, 4]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 4),
    st.integers(1, 17),
    st.integers(1, 17),
    st.sampled_from([3, 4]),
    st.sampled_from(["uint8", "uint16"]),
    st.sampled_from(["contig", "separate"]),
    st.sampled_from(["ome", "shaped", "plain"]),
    codecs,
)
def test_rgb(frames: int, y: int, x: int, samples: int, dtype: str, planar: Any, kind: str, codec: str | None) -> None:
    planes = pixels((frames, y, x, samples), dtype)
    stored = planes if planar == "contig" else np.ascontiguousarray(np.moveaxis(planes, -1, 1))
    axes = "TYXS" if planar == "contig" else "TSYX"
    metadata = None if kind == "plain" else {"axes": axes}
    extra = {"extrasamples": ["unassalpha"]} if samples == 4 else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("movie.ome.tif" if kind == "ome" else "movie.tif")
        tifffile.imwrite(
            path, stored, photometric="rgb", planarconfig=planar, compression=codec, metadata=metadata, **extra
        )
        movie, found = read_all(path)
    assert_identical(found, planes[:, None, None])
    assert movie.header.samples == samples
