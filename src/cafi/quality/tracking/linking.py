"""Linking spots to tracks, by laptrack (linear assignment; Jaqaman et al., Nature Methods 2008)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from cafi.errors import CafiError
from cafi.quality.tracking.tracks import Tracks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Spot = tuple[int, int]  # frame, and index in it

SPAN = 2  # frames that a link may span: a spot may be missed once without ending its track
FAR = 1.5  # times the greatest step: over a missed frame
ALONE = 15.0  # pixels: the greatest step where no frame has two spots
LEAST, MARGIN = 2.0, 1.5  # the greatest step in pixels at least, and over the 99th percentile of steps


def link(spots: Sequence[NDArray[np.float64]], step: float) -> Tracks:
    """Link spots of consecutive frames so that the sum of squared steps is least; nothing splits or merges.

    Parameters
    ----------
    spots : sequence of ndarray, each of shape (N, 2)
        (y, x) in pixels of the spots of each frame.
    step : float
        The farthest that a spot goes from frame to frame, in pixels.

    Returns
    -------
    Tracks
        Spots without a link are tracks of one point.

    Raises
    ------
    CafiError
        If laptrack is not installed.
    """
    try:
        from laptrack import LapTrack
    except ImportError as error:
        raise CafiError(
            "Tracking needs the package laptrack, which is not installed; pip install 'cafi[tracking]' brings it."
        ) from error
    tracker = LapTrack(
        metric="sqeuclidean", cutoff=step**2, gap_closing_cutoff=False, splitting_cutoff=False, merging_cutoff=False
    )
    frames = [np.asarray(frame, np.float64).reshape(-1, 2) for frame in spots]
    # A list, because a graph's edges are a mapping too, from themselves to attributes.
    edges = list(tracker.predict(frames).edges) if any(len(frame) for frame in frames) else []
    after: dict[Spot, Spot] = dict(edges)
    heads = sorted({(t, i) for t, frame in enumerate(frames) for i in range(len(frame))} - set(after.values()))
    pieces = [list(_walk(head, after)) for head in heads]
    after |= _bridges(pieces, frames, FAR * step)
    whole = [list(_walk(head, after)) for head in heads if head not in set(after.values())]
    rows = [(track, t, *frames[t][i]) for track, piece in enumerate(whole) for t, i in piece]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return Tracks(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:])


def _walk(head: Spot, after: dict[Spot, Spot]) -> Iterator[Spot]:
    """Yield a spot and all that follow it."""
    here: Spot | None = head
    while here is not None:
        yield here
        here = after.get(here)


def _bridges(pieces: list[list[Spot]], frames: list[NDArray[np.float64]], reach: float) -> dict[Spot, Spot]:
    """Link the ends of pieces to the beginnings of others two frames later, so that the sum of squares is least.

    laptrack can do this too, by far slower where there are hundreds of pieces.
    """
    ends, begins = defaultdict(list), defaultdict(list)
    for piece in pieces:
        ends[piece[-1][0]].append(piece[-1])
        begins[piece[0][0]].append(piece[0])
    found: dict[Spot, Spot] = {}
    for t, last in ends.items():
        first = begins.get(t + SPAN, [])
        here, there = (np.array([frames[f][i] for f, i in spots]).reshape(-1, 2) for spots in (last, first))
        cost = np.minimum(((here[:, None] - there[None]) ** 2).sum(-1), reach**2)
        rows, columns = linear_sum_assignment(cost)
        found |= {last[r]: first[c] for r, c in zip(rows, columns, strict=True) if cost[r, c] < reach**2}
    return found


def greatest_step(spots: Sequence[NDArray[np.float64]]) -> float:
    """Estimate how far spots go from frame to frame, from a movie at full rate.

    At most the median distance to the nearest other spot, as tracks cannot be told apart where steps come near to it
    (Crocker and Grier 1996); less where first tracks show that spots are slower.

    Parameters
    ----------
    spots : sequence of ndarray, each of shape (N, 2)

    Returns
    -------
    float
        In pixels, at least 2.
    """
    from scipy.spatial import cKDTree

    apart = [np.asarray(cKDTree(frame).query(frame, k=2)[0])[:, 1] for frame in spots if len(frame) > 1]
    if not apart:
        return ALONE
    most = max(LEAST, float(np.median(np.concatenate(apart))))
    steps = step_lengths(link(spots, most))
    return max(LEAST, min(most, MARGIN * float(np.percentile(steps, 99)))) if steps.size else most


def step_lengths(tracks: Tracks) -> NDArray[np.float64]:
    """Return how far each track goes from frame to frame, in pixels, over all tracks; shape (M,)."""
    order = np.lexsort((tracks.frame, tracks.track))
    track, frame, place = tracks.track[order], tracks.frame[order], tracks.place[order]
    next_to = (np.diff(track) == 0) & (np.diff(frame) == 1)
    return np.asarray(np.linalg.norm(np.diff(place, axis=0), axis=1)[next_to])
