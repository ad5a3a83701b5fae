"""Time stamps of frames: checked, or told why they are not used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def frame_times(
    frames: int, stamps: Sequence[float] | NDArray[np.float64] | None, interval: float | None
) -> tuple[NDArray[np.float64] | None, str | None, tuple[str, ...]]:
    """Return the time of every frame, where it is known from, and what had to be assumed.

    Parameters
    ----------
    frames : int
        Length of the time axis.
    stamps : sequence of float, seconds, or None
        What the file says of each frame; NaN where it says nothing.
    interval : float, seconds, or None
        The constant interval that the file states.

    Returns
    -------
    times : ndarray of float64, shape (frames,), seconds, or None
    times_from : 'planes', 'interval' or None
    assumptions : tuple of str
    """
    steady = interval if interval is not None and math.isfinite(interval) and interval > 0 else None
    fault = None
    if stamps is not None:
        times = np.asarray(stamps, np.float64)
        fault = _fault(times, frames)
        if fault is None:
            return times, "planes", ()
    if steady is not None:
        notes = (f"The file's time stamps {fault}; its frame interval of {steady:g} s was taken instead.",)
        return np.arange(frames, dtype=np.float64) * steady, "interval", notes if fault else ()
    notes = (f"The file's time stamps {fault}; the frames were taken as evenly spaced.",)
    return None, None, notes if fault else ()


def _fault(times: NDArray[np.float64], frames: int) -> str | None:
    if len(times) != frames or np.isnan(times).any():
        return f"do not cover all {frames} frames"
    if not np.isfinite(times).all():
        return "are not all finite"
    if (np.diff(times) <= 0).any():
        late = int(np.argmax(np.diff(times) <= 0)) + 1
        return f"do not increase at frame {late}"
    return None
