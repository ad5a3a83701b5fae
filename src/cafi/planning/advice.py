"""From quality against interval to the longest interval that keeps a bound with stated confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cafi.planning.bounds import Bound
    from cafi.planning.measuring import GapScore

MOST_ALIKE = 0.9  # correlation of neighbouring gaps that is believed at most
FEWEST = 2.0  # independent gaps without which nothing is said


@dataclass(frozen=True)
class Point:
    """One method at one interval.

    Attributes
    ----------
    method : str
    interval : int
        Frames of the pilot movie from one captured frame to the next; 1 is the pilot itself.
    quality : float
        Mean of the metric over the gaps; what comes out above the largest value that it can have, as an estimated share
        may, is given as that value.
    assured : float
        What the mean will be at least, with the confidence asked for, if recording goes on for as long again.
    gaps : int
        That were looked at.
    keeps : bool
        Whether ``assured`` keeps the bound.
    """

    method: str
    interval: int
    quality: float
    assured: float
    gaps: int
    keeps: bool


def judge(scores: Sequence[GapScore], frames: int, bound: Bound, confidence: float) -> Point:
    """Summarise the gaps of one method at one interval, in order of time.

    Parameters
    ----------
    scores : sequence of GapScore
    frames : int
        Of the pilot movie.
    bound : Bound
    confidence : float

    Returns
    -------
    Point
    """
    values = np.array([score.value for score in scores])
    starts = np.array([score.start for score in scores], np.float64)
    interval = scores[0].interval
    assured = min(assured_mean(starts, values, interval, frames, confidence), bound.most)
    quality = min(float(values.mean()), bound.most)
    return Point(scores[0].method, interval, quality, assured, len(scores), bool(assured >= bound.least))


def assured_mean(
    starts: NDArray[np.float64], values: NDArray[np.float64], interval: int, frames: int, confidence: float
) -> float:
    """Return what the mean over a stretch as long as the pilot, right after it, will be at least.

    A prediction bound: the gaps of the pilot and those to come both scatter. Gaps that overlap or resemble their
    neighbours tell less than as many independent ones (Bayley and Hammersley 1946, first order). Where quality falls
    over the pilot, it is assumed to go on falling in a straight line.

    Parameters
    ----------
    starts, values : ndarray of float64, shape (N,)
        First frame and quality of each gap, in order of time.
    interval : int
        Length of a gap in frames.
    frames : int
        Of the pilot.
    confidence : float

    Returns
    -------
    float
        Minus infinity where there are too few gaps to tell.
    """
    apart = min(len(values), (frames - 1) / interval)
    if apart < FEWEST:
        return -np.inf
    slope, level = np.polyfit(starts - starts.mean(), values, 1) if np.ptp(starts) else (0.0, values.mean())
    rest = values - level - slope * (starts - starts.mean())
    alike = float(np.clip((rest[1:] * rest[:-1]).sum() / max((rest**2).sum(), 1e-12), 0, MOST_ALIKE))
    count = max(FEWEST, min(apart, len(values) * (1 - alike) / (1 + alike)))
    spread = float(np.std(values, ddof=1)) * np.sqrt(2 / count) * student.ppf(confidence, count - 1)
    return float(level + min(slope, 0.0) * frames - spread)


def longest(points: Iterable[Point]) -> dict[str, int]:
    """Return for each method the longest interval up to which it keeps the bound at every one tried; 1 if at none."""
    found: dict[str, int] = {}
    failed: set[str] = set()
    for point in sorted(points, key=lambda one: one.interval):
        found.setdefault(point.method, 1)
        if not point.keeps:
            failed.add(point.method)
        elif point.method not in failed:
            found[point.method] = point.interval
    return found
