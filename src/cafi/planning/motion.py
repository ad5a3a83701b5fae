"""How far things move between frames, in pixels and in sizes of the things themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from cafi.interpolators.classical.motion import estimate_motion

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.quality.metrics import Range

PAIRS = 5  # of frames that are looked at for each interval
SOFT = 2.0  # pixels of smoothing before contrast is judged
HALF = 0.5


@dataclass(frozen=True)
class Displacement:
    """How far what is seen moves over an interval.

    Attributes
    ----------
    interval : int
        Frames of the pilot movie.
    median, fast : float
        Pixels: the median over pixels with contrast, and the 95th percentile.
    """

    interval: int
    median: float
    fast: float


def displacement(plane: Callable[[int], NDArray[np.float64]], count: int, interval: int, scale: Range) -> Displacement:
    """Measure displacement over an interval by DIS optical flow, where a frame has at least median contrast.

    Parameters
    ----------
    plane : callable
        Returns a frame of the movie at full rate by its index, shape (Y, X).
    count : int
        Of frames.
    interval : int
        In frames.
    scale : Range
        Of the movie.

    Returns
    -------
    Displacement
    """
    starts = np.unique(np.linspace(0, count - 1 - interval, PAIRS).astype(int))
    ways = []
    for start in starts:
        first, last = (scale.normalise(plane(i)).astype(np.float32) for i in (start, start + interval))
        flow = estimate_motion(first, last).forward
        contrast = np.hypot(*np.gradient(gaussian_filter(first, SOFT)))
        ways.append(np.hypot(flow[..., 0], flow[..., 1])[contrast >= np.median(contrast)])
    median, fast = np.percentile(np.concatenate(ways), (50, 95))
    return Displacement(interval, float(median), float(fast))


def structure_size(frame: NDArray[np.float64]) -> float:
    """Estimate the typical size of what a frame shows: the full width at half maximum of its bright or dark structures.

    That of the autocorrelation over the square root of 2, as for Gaussian spots. Its peak is taken one pixel off the
    centre, so that white noise does not count.

    Parameters
    ----------
    frame : ndarray of float64, shape (Y, X)

    Returns
    -------
    float
        Pixels; NaN for a frame without structure.
    """
    height, width = frame.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    part = (frame - frame.mean()) * window
    power = np.abs(np.fft.rfft2(part, (2 * height, 2 * width))) ** 2
    whole = np.fft.irfft2(power, (2 * height, 2 * width))
    most = min(height, width) // 2
    mean = [(whole[i, 0] + whole[0, i]) / 2 for i in range(1, most)]
    if not mean or mean[0] <= 0:
        return float("nan")
    falling = np.asarray(mean) / mean[0]
    below = np.flatnonzero(falling < HALF)
    if not below.size:
        return float(most)
    first = int(below[0])
    # Between the last lag above one half and the first below it.
    lag = first + (falling[first - 1] - HALF) / (falling[first - 1] - falling[first])
    return float(2 * lag / 2**HALF)
