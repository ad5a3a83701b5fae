"""How regular the time stamps of a movie are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG_GAP = 3.0
"""A gap is called long from this many median intervals on."""


@dataclass(frozen=True)
class TimeStatistics:
    """Regularity of the time stamps; all times in seconds, None where there are too few frames.

    Attributes
    ----------
    known_from : str or None
        'planes' where every frame was stamped, 'interval' where the file states a constant
        interval, None where it says nothing.
    first, last : float or None
    median_interval : float or None
    jitter_std : float or None
        Standard deviation of the intervals.
    jitter_max : float or None
        Largest deviation of an interval from the median.
    long_gaps : tuple of (int, float)
        The frame before each gap that is longer than 3 medians, and its length.
    dropped_frames : int
        Estimate: where most intervals lie within 10 % of the median, how many more frames a
        regular camera would have taken in gaps that are whole multiples of it.
    """

    known_from: str | None
    first: float | None = None
    last: float | None = None
    median_interval: float | None = None
    jitter_std: float | None = None
    jitter_max: float | None = None
    long_gaps: tuple[tuple[int, float], ...] = ()
    dropped_frames: int = 0


def time_statistics(times: NDArray[np.float64] | None, known_from: str | None) -> TimeStatistics:
    """Measure the regularity of time stamps.

    Parameters
    ----------
    times : ndarray of float64, shape (T,), seconds, or None
    known_from : str or None
        `Header.times_from`.

    Returns
    -------
    TimeStatistics
    """
    if times is None or len(times) == 0:
        return TimeStatistics(known_from)
    first, last = float(times[0]), float(times[-1])
    if len(times) == 1:
        return TimeStatistics(known_from, first, last)
    intervals = np.diff(times)
    median = float(np.median(intervals))
    deviations = intervals - median
    # What rounding makes of regular times is no jitter.
    deviations[np.abs(deviations) <= 4 * np.spacing(np.abs(times).max())] = 0
    long = np.flatnonzero(intervals > LONG_GAP * median)
    return TimeStatistics(
        known_from,
        first,
        last,
        median_interval=median,
        jitter_std=float(deviations.std()),
        jitter_max=float(np.abs(deviations).max()),
        long_gaps=tuple((int(i), float(intervals[i])) for i in long),
        dropped_frames=_dropped(intervals / median),
    )


def _dropped(relative: NDArray[np.float64]) -> int:
    regular = np.abs(relative - 1) < 0.1
    if regular.mean() < 0.5:
        return 0
    multiples = relative.round()
    whole = (multiples >= 2) & (np.abs(relative - multiples) < 0.2)
    return int((multiples[whole] - 1).sum())
