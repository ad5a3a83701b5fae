"""How far a whole field moved between two frames, as when the stage drifts: further than optical flow can follow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.layers.shifts import similarities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.float32]

SIDE = 64  # pixels, the smaller side of what is compared, at least
LEAST = 6.0  # pixels: shorter ways optical flow finds by itself
ALIKE = 0.2  # correlation after the shift; that of mere noise stays below
GAIN = 0.1  # by which the shift must raise the correlation of both frames
FLAT = 1e-4  # of the range of intensity: with less there is nothing to compare


def common_shift(first: Frame, last: Frame) -> tuple[float, float] | None:
    """Find the one shift of a whole field that makes the second frame most like the first.

    Parameters
    ----------
    first, last : ndarray of float32, shape (Y, X)
        Normalised.

    Returns
    -------
    tuple of float, or None
        Displacement (x, y) in pixels, in steps of some pixels; up to 45 % of each side. None where things lie about as
        they were, or no shift explains what changed.
    """
    step = max(1, min(first.shape) // SIDE)
    before, after = _small(first, step), _small(last, step)
    if min(np.ptp(before), np.ptp(after)) < FLAT:
        return None
    surface = similarities(before, after)
    middle_y, middle_x = (side // 2 for side in surface.shape)
    peak_y, peak_x = np.unravel_index(int(surface.argmax()), surface.shape)
    y, x = step * float(peak_y - middle_y), step * float(peak_x - middle_x)
    if math.hypot(y, x) < LEAST or surface.max() < max(ALIKE, surface[middle_y, middle_x] + GAIN):
        return None
    return x, y


def _small(frame: Frame, step: int) -> NDArray[np.float64]:
    """Average over blocks; in double precision, where also the squares of absurd intensities are numbers."""
    height, width = (length // step for length in frame.shape)
    cut = np.ascontiguousarray(frame[: height * step, : width * step])
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.float64)
