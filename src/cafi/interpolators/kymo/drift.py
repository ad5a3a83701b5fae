"""How far a whole field moved between two frames, as when the stage drifts: further than optical flow can follow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frame = NDArray[np.float32]

SIDE = 64  # pixels, the smaller side of what is compared, at least
OVERLAP = 0.4  # share of the field that both frames must have in common
LEAST = 6.0  # pixels: shorter ways optical flow finds by itself
GAIN = 0.1  # by which the shift must raise the correlation of both frames


def common_shift(first: Frame, last: Frame) -> tuple[float, float] | None:
    """Find the one shift of a whole field that makes the second frame most like the first.

    The largest normalised cross-correlation over what both frames have in common (Padfield, IEEE TIP 21, 2012), on
    small copies.

    Parameters
    ----------
    first, last : ndarray of float32, shape (Y, X)

    Returns
    -------
    tuple of float, or None
        Displacement (x, y) in pixels, in steps of some pixels. None where things lie about as they were, or no shift
        explains what changed.
    """
    from skimage.registration import phase_cross_correlation

    step = max(1, min(first.shape) // SIDE)
    height, width = (length // step for length in first.shape)
    before, after = (_small(frame, height, width, step) for frame in (first, last))
    everywhere = np.ones(before.shape, bool)
    way, _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
        before, after, reference_mask=everywhere, moving_mask=everywhere, overlap_ratio=OVERLAP
    )
    y, x = (-round(float(along)) for along in way)
    if step * math.hypot(x, y) < LEAST or _likeness(before, after, y, x) < _likeness(before, after, 0, 0) + GAIN:
        return None
    return float(step * x), float(step * y)


def _small(frame: Frame, height: int, width: int, step: int) -> Frame:
    cut = np.ascontiguousarray(frame[: height * step, : width * step])
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _likeness(before: Frame, after: Frame, y: int, x: int) -> float:
    """Correlation of one frame with the other (y, x) further, where they overlap; 0 without contrast."""
    height, width = before.shape
    here = before[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    there = after[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
    a, b = here - here.mean(), there - there.mean()
    energy = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / energy if energy > 0 else 0.0
