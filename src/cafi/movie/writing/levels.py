"""Smaller copies of a plane for fast zooming: means of 2x2 pixels, level after level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def level_sizes(y: int, x: int, smallest: int = 256) -> list[tuple[int, int]]:
    """Return the height and width of every level, full size first, down to at most ``smallest`` pixels a side."""
    sizes = [(y, x)]
    while max(sizes[-1]) > smallest:
        y, x = (-(-length // 2) for length in sizes[-1])
        sizes.append((y, x))
    return sizes


def step_factors(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return how many full-size pixels a pixel of each level spans along y and x."""
    factors = [(1, 1)]
    for y, x in sizes[:-1]:
        factors.append((factors[-1][0] * (2 if y > 1 else 1), factors[-1][1] * (2 if x > 1 else 1)))
    return factors


def pyramid(planes: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """Return ``count`` levels of planes (C, Y, X) or (C, Y, X, S), full size first."""
    found = [planes]
    while len(found) < count:
        found.append(halved(found[-1]))
    return found


def halved(planes: NDArray[Any]) -> NDArray[Any]:
    """Return the means of 2x2 pixels, in the same dtype; the last row or column of an odd side counts twice.

    Parameters
    ----------
    planes : ndarray, shape (C, Y, X) or (C, Y, X, S)
        Integers are rounded half up, exactly and on every machine alike.

    Returns
    -------
    ndarray, shape (C, ceil(Y/2), ceil(X/2)) or with S last
    """
    odd = [(0, 0)] * planes.ndim
    odd[1], odd[2] = (0, planes.shape[1] % 2), (0, planes.shape[2] % 2)
    padded = np.pad(planes, odd, mode="edge")
    corners = [padded[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return _mean(corners, planes.dtype).astype(planes.dtype, copy=False)


def _mean(corners: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    first, second, third, fourth = corners
    if dtype.kind == "f":
        quarter = dtype.type(0.25)
        # Infinities of both signs have no mean, which is then NaN.
        with np.errstate(invalid="ignore"):
            mean: NDArray[Any] = (first * quarter + second * quarter) + (third * quarter + fourth * quarter)
        return mean
    if dtype.kind == "b" or dtype.itemsize < 8:
        wide = [corner.astype(np.int64) for corner in corners]
        return (wide[0] + wide[1] + wide[2] + wide[3] + 2) >> 2
    # Sums of 64-bit values would overflow: add their quarters, then what these leave over.
    quarters = (first >> 2) + (second >> 2) + (third >> 2) + (fourth >> 2)
    rest = (first & 3) + (second & 3) + (third & 3) + (fourth & 3)
    exact: NDArray[Any] = quarters + ((rest + 2) >> 2)
    return exact
