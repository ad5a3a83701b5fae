"""Fourier ring correlation between a predicted and a measured frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLD = 1 / 7  # as is usual for resolution (Rosenthal and Henderson 2003)


class Rings(NamedTuple):
    """A Fourier ring correlation.

    Attributes
    ----------
    frequency : ndarray of float64, shape (R,)
        Middle of each ring in cycles per pixel, up to 0.5.
    correlation : ndarray of float64, shape (R,)
        In [-1, 1].
    """

    frequency: NDArray[np.float64]
    correlation: NDArray[np.float64]


def ring_correlation(truth: NDArray[Any], prediction: NDArray[Any]) -> Rings:
    """Correlate two frames ring by ring in frequency space (Saxton and Baumeister 1982; van Heel 1987).

    Means are subtracted and a Hann window is applied, so that the frame's edges do not count as structure.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
        Finite.
    """
    from scipy import fft
    from scipy.signal.windows import hann

    height, width = truth.shape
    window = np.outer(hann(height, sym=False), hann(width, sym=False))
    a, b = (fft.rfft2((np.asarray(f, np.float64) - np.mean(f, dtype=np.float64)) * window) for f in (truth, prediction))
    count = min(height, width) // 2
    radius = np.hypot(fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None])
    ring = np.rint(radius * 2 * count).astype(np.int64)
    # Half of the plane is stored; what stands for its mirror image counts twice.
    twice = np.full(radius.shape, 2.0)
    twice[:, 0] = 1
    if width % 2 == 0:
        twice[:, -1] = 1

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(ring.ravel(), (twice * values).ravel(), count + 1)[1 : count + 1].astype(np.float64)

    power = np.sqrt(summed(np.abs(a) ** 2) * summed(np.abs(b) ** 2))
    both = summed((a * np.conj(b)).real)
    correlation = np.divide(both, power, out=np.zeros(count), where=power > 0)
    return Rings(np.arange(1, count + 1) / (2 * count), correlation)


def cutoff(rings: Rings) -> float:
    """Return the frequency in cycles per pixel at which the correlation first falls below 1/7; 0.5 if never."""
    below = np.flatnonzero(rings.correlation < THRESHOLD)
    if not below.size:
        return 0.5
    i = int(below[0])
    before = (0.0, 1.0) if i == 0 else (rings.frequency[i - 1], rings.correlation[i - 1])
    share = (before[1] - THRESHOLD) / (before[1] - rings.correlation[i])
    return float(before[0] + share * (rings.frequency[i] - before[0]))
