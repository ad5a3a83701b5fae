"""What the tests of reading share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.movie.options import ReadOptions
from cafi.movie.reading import open_movie

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cafi.movie.model import Movie

RNG = np.random.default_rng(7)


def planes_of(movie: Movie) -> NDArray[Any]:
    """All pixels, shape (T, C, Z, Y, X[, S])."""
    size, read = movie.header.size, movie.source.read
    return np.array([[[read(t, c, z) for z in range(size.z)] for c in range(size.c)] for t in range(size.t)])


def read_all(path: Path, **options: Any) -> tuple[Movie, NDArray[Any]]:
    """A movie (closed again), and its pixels."""
    with open_movie(path, ReadOptions(**options)) as movie:
        return movie, planes_of(movie)


def pixels(shape: tuple[int, ...], dtype: str = "uint16") -> NDArray[Any]:
    """Random pixels over the whole range of a type; for floats any bit pattern, NaN included."""
    kind = np.dtype(dtype)
    raw = RNG.integers(0, 256, (*shape, kind.itemsize), np.uint8)
    return raw.view(kind)[..., 0]


def assert_identical(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Same type, shape and bits, NaN payloads included."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.dtype.isnative
    assert found.tobytes() == expected.tobytes()
