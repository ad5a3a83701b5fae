"""Every format that can hold a movie gives its pixels back bit-identical."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from cafi.movie.options import WriteOptions
from tests.movie.writing.reading_back import digest, pixels_of, written

OME = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
DTYPES = {".ome.tif": OME, ".tif": ["uint8", "uint16", "float32"], ".ome.zarr": [*OME, "float16", "int64", "uint64"]}


@st.composite
def movies(draw: st.DrawFn) -> tuple[NDArray[Any], str]:
    suffix = draw(st.sampled_from(sorted(DTYPES)))
    dtype = np.dtype(draw(st.sampled_from(DTYPES[suffix])))
    t, c, z = (draw(st.integers(1, most)) for most in (3, 3, 2))
    y, x = (draw(st.sampled_from([1, 2, 3, 4, 5, 16, 33])) for _ in range(2))
    shape: tuple[int, ...] = (t, c, z, y, x)
    if draw(st.booleans()) and (suffix != ".tif" or dtype == np.uint8):
        shape = (t, 1, z, y, x, 3) if suffix == ".tif" else (*shape, draw(st.sampled_from([3, 4])))
    # Every bit pattern, NaNs with their payload too.
    count = int(np.prod(shape)) * dtype.itemsize
    seed = draw(st.integers(0, 2**32 - 1))
    bits = np.random.default_rng(seed).integers(0, 256, count, dtype=np.uint8)
    return bits.view(dtype).reshape(shape), suffix


@settings(max_examples=80, deadline=None)
@given(movies(), st.sampled_from(["deflate", "zstd", "lzw", "none"]))
def test_pixels_are_bit_identical(movie: tuple[NDArray[Any], str], compression: Any) -> None:
    pixels, suffix = movie
    if suffix == ".tif" and compression == "zstd":
        compression = "deflate"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"movie{suffix}"
        written(pixels, target, WriteOptions(compression=compression))
        found = pixels_of(target)
        assert [file.name for file in Path(folder).iterdir()] == [target.name]
    assert found.dtype == pixels.dtype
    assert found.tobytes() == pixels.tobytes()


@settings(max_examples=10, deadline=None)
@given(hnp.arrays(np.int16, (2, 2, 1, 5, 7)), st.sampled_from(sorted(DTYPES)))
def test_two_writes_give_the_same_bytes(pixels: NDArray[Any], suffix: str) -> None:
    if suffix == ".tif":
        pixels = pixels.view(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        targets = [Path(folder) / f"{name}{suffix}" for name in "ab"]
        for target in targets:
            written(pixels, target)
        assert digest(targets[0]) == digest(targets[1])
