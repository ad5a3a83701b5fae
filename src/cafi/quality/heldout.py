"""Which frames of a movie are held out, and the movie that is left for the methods to see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.errors import CafiError
from cafi.movie.frames import INTERPOLATED, FrameTable
from cafi.movie.model import SourceMetadata
from cafi.movie.timing import LONG_GAP
from cafi.quality.results import HeldOut, Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Movie, PlaneSource


def hold_out(movie: Movie, drop: int) -> HeldOut:
    """Keep every ``drop``-th frame of a movie and hold out those between.

    Frames after the last kept one are neither: nothing is extrapolated. Gaps longer than three times the median are
    left out, as `cafi interpolate` leaves them open.

    Parameters
    ----------
    movie : Movie
        Whose acquired frames are used.
    drop : int
        2 drops every second frame, 3 two of three, ...

    Returns
    -------
    HeldOut

    Raises
    ------
    CafiError
        If the movie is too short, or holds predicted frames.
    """
    name = movie.path or movie.header.name
    count, frames = movie.header.size.t, movie.header.frames
    if frames is not None and not frames.acquired.all():
        raise CafiError(
            f"{name} holds interpolated frames; check acquired ones alone, which `cafi restore` gives back."
        )
    if drop < 2:
        raise CafiError(f"--drop {drop} drops nothing; give 2 or more.")
    if count < drop + 1:
        frames_are = "frame" if count == 1 else "frames"
        raise CafiError(
            f"{name} has {count} {frames_are} along time,"
            f" too few to hold out {drop - 1} of {drop}: it takes {drop + 1}."
        )
    times = positions(movie)
    kept = tuple(range(0, count, drop))
    lengths = np.diff(times[list(kept)])
    fillable = lengths <= LONG_GAP * np.median(lengths) * (1 + 1e-9)
    targets = [
        Target(frame, gap, float((times[frame] - times[kept[gap]]) / lengths[gap]))
        for gap in range(len(kept) - 1)
        for frame in range(kept[gap] + 1, kept[gap + 1])
        if fillable[gap]
    ]
    return HeldOut(kept, tuple(targets))


def positions(movie: Movie) -> NDArray[np.float64]:
    """Return the time of every frame in s, or its index where the movie does not say; shape (T,)."""
    times = movie.header.times
    return np.arange(movie.header.size.t, dtype=np.float64) if times is None else times


def kept_movie(movie: Movie, held_out: HeldOut) -> Movie:
    """Return what the methods may see: the movie as if the other frames had never been captured.

    Metadata that is indexed by frame is left out.
    """
    header = movie.header
    times = None if header.times is None else header.times[list(held_out.kept)]
    seen = replace(
        header,
        size=header.size._replace(t=len(held_out.kept)),
        times=times,
        metadata=SourceMetadata(),
        frames=None,
        provenance=None,
    )
    return replace(movie, header=seen, source=_KeptFrames(movie.source, held_out.kept))


def target_table(movie: Movie, held_out: HeldOut) -> FrameTable:
    """Return the timeline of the held-out frames alone, as the engine fills it; entry i is ``targets[i]``."""
    times = positions(movie)
    targets = held_out.targets
    return FrameTable(
        axis="t",
        unit="frame" if movie.header.times is None else "s",
        positions=times[[target.frame for target in targets]],
        kind=np.full(len(targets), INTERPOLATED, np.uint8),
        left=np.array([target.gap for target in targets], np.int64),
        fraction=np.array([target.t for target in targets]),
        source_positions=times[list(held_out.kept)],
    )


@dataclass(frozen=True)
class _KeptFrames:
    """The planes of the kept frames, and no others."""

    source: PlaneSource
    kept: tuple[int, ...]

    def read(self, t: int, c: int, z: int) -> NDArray[Any]:
        return self.source.read(self.kept[t], c, z)

    def is_missing(self, t: int, c: int, z: int) -> bool:
        return self.source.is_missing(self.kept[t], c, z)

    def close(self) -> None:
        self.source.close()
