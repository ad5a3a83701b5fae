"""What a track is: the points of all tracks of a movie as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Tracks:
    """Points of tracks.

    Attributes
    ----------
    track : ndarray of int64, shape (N,)
        Which track each point belongs to, 0 to one less than their number.
    frame : ndarray of int64, shape (N,)
        No track has two points in one frame.
    place : ndarray of float64, shape (N, 2)
        (y, x) in pixels.
    """

    track: NDArray[np.int64]
    frame: NDArray[np.int64]
    place: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return int(self.track.max()) + 1 if self.track.size else 0

    def dense(self, frames: int) -> NDArray[np.float64]:
        """Return places as an array (tracks, frames, 2), NaN where a track has no point."""
        table = np.full((self.count, frames, 2), np.nan)
        table[self.track, self.frame] = self.place
        return table

    def at(self, frames: NDArray[np.int64]) -> Tracks:
        """Return the points in these frames (increasing) alone, counted anew; tracks without any are left out."""
        order = np.flatnonzero(np.isin(self.frame, frames))
        _, track = np.unique(self.track[order], return_inverse=True)
        return Tracks(track.astype(np.int64), np.searchsorted(frames, self.frame[order]), self.place[order])


def from_dense(table: NDArray[np.float64]) -> Tracks:
    """Undo `Tracks.dense`; tracks without a point are left out.

    Parameters
    ----------
    table : ndarray of float64, shape (tracks, frames, 2)
        NaN where a track has no point.
    """
    there = np.isfinite(table[..., 0])
    table, there = table[there.any(1)], there[there.any(1)]
    track, frame = np.nonzero(there)
    return Tracks(track.astype(np.int64), frame.astype(np.int64), table[there].astype(np.float64))


def filled(tracks: Tracks, positions: NDArray[np.int64], frames: int) -> Tracks:
    """Put tracks of a movie with fewer frames on the full rate: straight and even between neighbouring points.

    What anyone can do about frames that were not captured, without predicting an image.

    Parameters
    ----------
    tracks : Tracks
        Their frame k is frame ``positions[k]`` of the full rate.
    positions : ndarray of int64, shape (K,)
        Increasing.
    frames : int
        Of the full rate.

    Returns
    -------
    Tracks
        With a point in every frame from each track's first to its last.
    """
    table = np.full((tracks.count, frames, 2), np.nan)
    for track in range(tracks.count):
        own = np.flatnonzero(tracks.track == track)
        own = own[np.argsort(tracks.frame[own])]
        known = positions[tracks.frame[own]]
        inside = np.arange(known[0], known[-1] + 1)
        for axis in range(2):
            table[track, inside, axis] = np.interp(inside, known, tracks.place[own, axis])
    return from_dense(table)
