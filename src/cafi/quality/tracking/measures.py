"""The measures of the particle tracking challenge: how near a set of tracks comes to the true one.

Chenouard et al., Objective comparison of particle tracking methods, Nature Methods 2014 (doi:10.1038/nmeth.2808),
Supplementary Note 3. Two points are apart by their distance, but never by more than the gate epsilon; a point that
has no counterpart counts epsilon. True tracks are paired one to one with tracks found or with dummies, which have no
points, so that the sum over all frames is least.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.tracking.tracks import Tracks

GATE = 5.0  # pixels: epsilon of the challenge
TIE = 1e-9  # of the gate: by so much is a partner preferred to none


@dataclass(frozen=True)
class TrackingMeasures:
    """The five measures; NaN where one has nothing to say.

    Attributes
    ----------
    alpha : float
        1 minus the distance of the paired tracks over that of nothing found: 1 is perfect, 0 nothing found.
    beta : float
        The same with a penalty for spurious tracks; at most ``alpha``.
    detection_jaccard : float
        JSC: points that match, over these, true points without match and points found without match.
    track_jaccard : float
        JSC_theta: tracks that are paired, over these, true tracks without partner and spurious tracks.
    rmse : float
        Root-mean-square distance of matching points, in pixels.
    """

    alpha: float
    beta: float
    detection_jaccard: float
    track_jaccard: float
    rmse: float

    def as_dict(self) -> dict[str, float]:
        """Return the measures by name."""
        return asdict(self)


def compare(truth: Tracks, found: Tracks, frames: int, gate: float = GATE) -> TrackingMeasures:
    """Compare tracks that were found with the true ones.

    Parameters
    ----------
    truth, found : Tracks
    frames : int
        How many the movie has.
    gate : float
        Epsilon, in pixels: points nearer than this match.

    Returns
    -------
    TrackingMeasures
    """
    true, other = truth.dense(frames), found.dense(frames)
    there, seen = np.isfinite(true[..., 0]), np.isfinite(other[..., 0])
    pairs, distance = _pair(true, other, there, seen, gate)
    nothing = gate * there.sum()
    spurious = np.setdiff1d(np.arange(found.count), pairs[:, 1])
    partners = np.linalg.norm(true[pairs[:, 0]] - other[pairs[:, 1]], axis=-1)
    near = partners[partners < gate]
    gain = nothing - distance
    return TrackingMeasures(
        alpha=_ratio(gain, nothing),
        beta=_ratio(gain, nothing + gate * seen[spurious].sum()),
        detection_jaccard=_ratio(near.size, int(there.sum() + seen.sum()) - near.size),
        track_jaccard=_ratio(len(pairs), truth.count + found.count - len(pairs)),
        rmse=float(np.sqrt(np.mean(near**2))) if near.size else float("nan"),
    )


def alpha_by_frame(truth: Tracks, found: Tracks, frames: int, gate: float = GATE) -> NDArray[np.float64]:
    """Return alpha frame by frame, for tracks that are paired over the whole movie.

    Weighted by the number of true points in each frame, the mean is alpha itself.

    Parameters
    ----------
    truth, found : Tracks
    frames : int
    gate : float

    Returns
    -------
    ndarray of float64, shape (frames,)
        At most 1; below 0 where paired tracks have more points too many than right ones; NaN without true points.
    """
    true, other = truth.dense(frames), found.dense(frames)
    there, seen = np.isfinite(true[..., 0]), np.isfinite(other[..., 0])
    pairs, _ = _pair(true, other, there, seen, gate)
    partner = np.full((len(true), frames, 2), np.nan)
    partner[pairs[:, 0]] = other[pairs[:, 1]]
    apart = np.minimum(np.nan_to_num(np.linalg.norm(true - partner, axis=-1), nan=gate), gate)
    some = there | np.isfinite(partner[..., 0])
    points = there.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = 1 - (apart * some).sum(0) / (gate * points)
    return np.where(points > 0, alpha, np.nan)


def _pair(
    true: NDArray[np.float64],
    other: NDArray[np.float64],
    there: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    gate: float,
) -> tuple[NDArray[np.int64], float]:
    """Pair tracks optimally; return the pairs (true, found), shape (P, 2), and the distance of all with dummies."""
    dummy = gate * there.sum(1)
    cost = np.empty((len(true), len(other)))
    shared = np.empty((len(true), len(other)), np.int64)
    for row, places in enumerate(true):
        apart = np.minimum(np.nan_to_num(np.linalg.norm(other - places, axis=-1), nan=gate), gate)
        cost[row] = (apart * (seen | there[row])).sum(1)
        shared[row] = (apart < gate).sum(1)
    # As many dummies as there are true tracks: each may be left without a partner.
    # Where a partner costs as much as none, it is one if it shares a point; the definition leaves this open.
    both = np.hstack([cost, np.broadcast_to(dummy[:, None] + TIE * gate, (len(true), len(true)))])
    rows, columns = linear_sum_assignment(both)
    found = columns < len(other)
    rows, columns = rows[found], columns[found]
    real = shared[rows, columns] > 0
    rows, columns = rows[real], columns[real]
    alone = np.setdiff1d(np.arange(len(true)), rows)
    return np.stack([rows, columns], 1), float(cost[rows, columns].sum() + dummy[alone].sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
