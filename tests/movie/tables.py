"""Frame tables and headers for tests of writing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cafi.movie.frames import ACQUIRED, INTERPOLATED, FrameTable
from cafi.movie.model import Header, Size


def doubled(positions: NDArray[np.float64], axis: str = "t", unit: str = "s") -> FrameTable:
    """Every acquired frame, and one in the middle of every gap."""
    count = 2 * len(positions) - 1
    between = np.arange(count) % 2 == 1
    every = np.empty(count)
    every[::2] = positions
    every[1::2] = (positions[1:] + positions[:-1]) / 2
    kind = np.where(between, INTERPOLATED, ACQUIRED).astype(np.uint8)
    return FrameTable(axis, unit, every, kind, np.arange(count) // 2, np.where(between, 0.5, 0.0), positions)


def table(rows: list[tuple[float, int, int, float]], source: list[float], axis: str = "t") -> FrameTable:
    """A frame table of rows (position, kind, left, fraction)."""
    positions, kind, left, fraction = zip(*rows, strict=True)
    return FrameTable(
        axis,
        "s" if axis == "t" else "µm",
        np.array(positions, float),
        np.array(kind, np.uint8),
        np.array(left, np.int64),
        np.array(fraction, float),
        np.array(source, float),
    )


def header(t: int = 3, c: int = 1, z: int = 1, y: int = 4, x: int = 5, dtype: str = "uint16", **fields: Any) -> Header:
    return Header("movie", Size(t, c, z, y, x), np.dtype(dtype), **fields)
