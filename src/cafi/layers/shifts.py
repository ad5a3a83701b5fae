"""How alike two images are after each shift of the one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST = 0.45  # shift that is searched, as a fraction of each side


def similarities(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Correlation of first(p) with second(p + s) over their overlap, for all shifts s of up to 45 % of each side.

    All at once by Fourier transforms and sums over rectangles (Lewis, Fast Normalized Cross-Correlation, 1995).

    Parameters
    ----------
    first, second : ndarray of float, shape (Y, X)
        Not constant; small, for the work grows with the number of pixels.

    Returns
    -------
    ndarray of float64, shape (2 * far_y + 1, 2 * far_x + 1)
        At most 1; no shift lies in the middle.
    """
    from scipy import fft

    far = [int(FARTHEST * side) for side in first.shape]
    padded = [fft.next_fast_len(side + reach, real=True) for side, reach in zip(first.shape, far, strict=True)]
    product = np.conj(fft.rfft2(first, padded)) * fft.rfft2(second, padded)
    shifts = [np.arange(-reach, reach + 1) for reach in far]
    together = fft.irfft2(product, padded)[np.ix_(shifts[0] % padded[0], shifts[1] % padded[1])]
    count = np.outer(first.shape[0] - np.abs(shifts[0]), first.shape[1] - np.abs(shifts[1]))
    sum_first, spread_first = _overlaps(first, count, shifts, -1)
    sum_second, spread_second = _overlaps(second, count, shifts, 1)
    covariance = together - sum_first * sum_second / count
    return np.asarray(covariance / np.sqrt(spread_first * spread_second), np.float64)


def _overlaps(
    values: NDArray[np.floating], count: NDArray[np.int64], shifts: list[NDArray[np.int64]], sign: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum, and sum of squared deviations, of the part of ``values`` that overlaps at each shift."""
    starts = [np.maximum(0, sign * s) for s in shifts]
    ends = [side + np.minimum(0, sign * s) for side, s in zip(values.shape, shifts, strict=True)]

    def sums(image: NDArray[np.float64]) -> NDArray[np.float64]:
        table = np.pad(image.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        rows = table[ends[0]] - table[starts[0]]
        return np.asarray(rows[:, ends[1]] - rows[:, starts[1]], np.float64)

    exact = values.astype(np.float64)
    total = sums(exact)
    # The floor keeps an empty corner from being divided by (almost) nothing.
    return total, np.maximum(sums(exact * exact) - total * total / count, 1e-2 * exact.var() * count)


def between(line: NDArray[np.float64], at: int) -> float:
    """Where between pixels a parabola through the peak and its two neighbours has its top."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, top, after = line[at - 1 : at + 2]
    bend = before - 2 * top + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0
