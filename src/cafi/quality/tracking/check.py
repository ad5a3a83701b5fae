"""What predicted frames do to tracking: tracks at full rate, without the held-out frames, and with predicted ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.quality.tracking.linking import link
from cafi.quality.tracking.measures import compare
from cafi.quality.tracking.tracks import Tracks, filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cafi.quality.tracking.measures import TrackingMeasures

    Spots = NDArray[np.float64]  # (N, 2): (y, x) in pixels

FULL_RATE, NULL = "full rate", "no interpolation"


@dataclass(frozen=True)
class TrackingRow:
    """How tracks come out of one movie.

    Attributes
    ----------
    of : str
        A method; 'full rate' for the acquired frames, all of them; 'no interpolation' for the kept frames alone,
        linked with a step that is longer by as much, their tracks filled straight between points.
    all_frames : TrackingMeasures
        Against the true tracks.
    acquired_frames : TrackingMeasures
        The same at the kept frames only, where spots are the same for all: what linking alone gains.
    spots_acquired, spots_interpolated : float
        Spots in a kept frame and in a held-out one, on average; NaN where there is no such frame.
    tracks : int
    """

    of: str
    all_frames: TrackingMeasures
    acquired_frames: TrackingMeasures
    spots_acquired: float
    spots_interpolated: float
    tracks: int


def check_tracking(
    spots: Sequence[Spots],
    kept: NDArray[np.int64],
    predicted: Mapping[str, Mapping[int, Spots]],
    step: float,
    truth: Tracks | None = None,
) -> tuple[TrackingRow, ...]:
    """Link the spots of a movie at full rate, without the held-out frames, and with those that methods predicted.

    Parameters
    ----------
    spots : sequence of ndarray, each of shape (N, 2)
        Of every acquired frame, in order; (y, x) in pixels.
    kept : ndarray of int64
        Indices of the frames that the methods saw; begins with 0 and ends with the last.
    predicted : mapping of str to mapping of int to ndarray (N, 2)
        For each method the spots of the frames that are not kept.
    step : float
        The farthest that a spot goes in one frame at full rate, in pixels.
    truth : Tracks, optional
        The true tracks, where they are known; without it those of the full rate.

    Returns
    -------
    tuple of TrackingRow
        Full rate, no interpolation, then the methods.
    """
    count = len(spots)
    full = tracks_of(spots, step)
    truth = full if truth is None else truth
    held_out = np.setdiff1d(np.arange(count), kept)
    stride = float(np.diff(kept).max()) if len(kept) > 1 else 1.0
    half = filled(tracks_of([spots[i] for i in kept], stride * step), kept, count)
    found = {FULL_RATE: (full, [spots[i] for i in held_out]), NULL: (half, [])}
    for method, made in predicted.items():
        mixed = [made[i] if i in made else spots[i] for i in range(count)]
        found[method] = (tracks_of(mixed, step), [mixed[i] for i in held_out])
    acquired = _mean_count([spots[i] for i in kept])
    return tuple(
        TrackingRow(
            of=name,
            all_frames=compare(truth, tracks, count),
            acquired_frames=compare(truth.at(kept), tracks.at(kept), len(kept)),
            spots_acquired=acquired,
            spots_interpolated=_mean_count(others),
            tracks=tracks.count,
        )
        for name, (tracks, others) in found.items()
    )


def tracks_of(spots: Sequence[Spots], step: float) -> Tracks:
    """Link spots, and leave out what was seen once: it is no track."""
    tracks = link(spots, step)
    often = np.bincount(tracks.track, minlength=tracks.count) > 1
    kept = often[tracks.track] if tracks.count else np.zeros(0, bool)
    number = np.cumsum(often) - 1
    return Tracks(number[tracks.track[kept]].astype(np.int64), tracks.frame[kept], tracks.place[kept])


def _mean_count(frames: Sequence[Spots]) -> float:
    return float(np.mean([len(frame) for frame in frames])) if frames else float("nan")
