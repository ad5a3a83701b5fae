"""The intensity range of a channel, to which scores refer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Movie

LOWER, UPPER = 0.1, 99.9
IN_MEMORY = 1 << 26  # pixels of a channel that are looked at together; of longer movies of wide pixels, as many
SEED = 0


@dataclass(frozen=True)
class Range:
    """The intensity range of one channel of a movie.

    Attributes
    ----------
    low : float
        0.1 percentile.
    width : float
        99.9 percentile minus ``low``; 1 for a constant channel.
    """

    low: float
    width: float

    def normalise(self, frame: NDArray[Any]) -> NDArray[np.float64]:
        """Return (frame - low) / width in float64, not clipped."""
        return (np.asarray(frame, np.float64) - self.low) / self.width


def intensity_range(channel: NDArray[Any]) -> Range:
    """Measure the range of one channel of a whole movie.

    Parameters
    ----------
    channel : ndarray, any shape
        All its pixels; those that are not finite do not count.
    """
    values = channel[np.isfinite(channel)] if channel.dtype.kind == "f" else channel
    if values.size == 0:
        return Range(0.0, 1.0)
    low, high = np.percentile(values, (LOWER, UPPER))
    return Range(float(low), float(high - low) or 1.0)


def movie_range(movie: Movie, channel: int) -> Range:
    """Measure the range of one channel of a movie, whatever its length, frame by frame.

    Pixels of up to 16 bits are counted exactly. Wider ones are all looked at if they are at most 2^26, else a
    seeded sample of as many.

    Parameters
    ----------
    movie : Movie
    channel : int
    """
    size = movie.header.size
    planes = (grey(movie.source.read(t, channel, z)) for t in range(size.t) for z in range(size.z))
    dtype = movie.header.dtype
    if dtype.kind in "iu" and dtype.itemsize <= 2 and movie.header.samples == 1:
        return _counted_range(planes, dtype)
    count = size.t * size.z
    each = size.y * size.x if count * size.y * size.x <= IN_MEMORY else max(1, IN_MEMORY // count)
    rng = np.random.default_rng(SEED)
    sampled = [p.ravel() if each == p.size else p.ravel()[rng.integers(0, p.size, each)] for p in planes]
    return intensity_range(np.concatenate(sampled))


def grey(plane: NDArray[Any]) -> NDArray[Any]:
    """Return the mean over the samples of an RGB plane (Y, X, S); other planes as they are."""
    return plane if plane.ndim == 2 else plane.mean(axis=-1)


def _counted_range(planes: Any, dtype: np.dtype[Any]) -> Range:
    """Take percentiles from a histogram with a bin for every value, as numpy's linear method takes them."""
    lowest = int(np.iinfo(dtype).min)
    counts = np.zeros(int(np.iinfo(dtype).max) - lowest + 1, np.int64)
    for plane in planes:
        counts += np.bincount(plane.ravel().astype(np.int64) - lowest, minlength=len(counts))
    up_to = np.cumsum(counts)

    def percentile(q: float) -> float:
        place = q / 100 * (int(up_to[-1]) - 1)
        below = int(place)
        # The value at a rank (from 0) is the first whose cumulative count exceeds it.
        first, second = (int(np.searchsorted(up_to, rank, side="right")) + lowest for rank in (below, below + 1))
        return first + (place - below) * (second - first)

    low, high = percentile(LOWER), percentile(UPPER)
    return Range(low, high - low or 1.0)
