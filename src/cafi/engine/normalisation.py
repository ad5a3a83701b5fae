"""One offset and one scale for each channel of a movie, so that interpolators see comparable intensities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.engine.hot_pixels import Search, brightest_pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.movie.model import Movie

LOWER, UPPER = 0.1, 99.9
BRIGHTEST = 10.0  # times the scale: what is rare and bright, such as few spots on a dark ground, lies below it
MAX_FRAMES = 32
SEARCHED = 8  # of these, in which hot pixels, and what is brightest, are looked for
MAX_PIXELS = 1 << 16
SEED = 0


@dataclass(frozen=True)
class Normalisation:
    """Subtract ``offset``, divide by ``scale``; and which pixels interpolators shall not see.

    Attributes
    ----------
    offset, scale : ndarray of float64, shape (C * S,)
        One value for each channel, or for each sample of an RGB channel; in intensity units.
    hot : ndarray of bool, shape (C * S, Y, X), or None
        Hot and dead pixels of the camera, see `cafi.engine.hot_pixels`; None if there are none.
    """

    offset: NDArray[np.float64]
    scale: NDArray[np.float64]
    hot: NDArray[np.bool_] | None = None

    def apply(self, frame: NDArray[Any]) -> NDArray[np.float32]:
        """Return (frame - offset) / scale; shape (C * S, Y, X)."""
        offset, scale = self._columns(frame.dtype)
        return np.asarray((frame - offset) / scale, np.float32)

    def undo(self, frame: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return frame * scale + offset in float32, or float64 where ``dtype`` holds more than float32 can."""
        offset, scale = self._columns(dtype)
        return np.asarray(frame * scale + offset)

    def undo_width(self, width: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return a difference of intensities, such as an error or its scale, in the movie's unit."""
        return np.asarray(width * self._columns(dtype)[1])

    def _columns(self, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        # float32 is exact up to 24 bits; wider pixels need float64 for the subtraction.
        kind = np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64
        return self.offset[:, None, None].astype(kind), self.scale[:, None, None].astype(kind)

    @property
    def hot_counts(self) -> list[int]:
        """How many pixels of each channel and sample are hot or dead."""
        return [0] * len(self.offset) if self.hot is None else self.hot.sum((1, 2)).tolist()

    def as_dict(self) -> dict[str, list[float]]:
        """Return the values as JSON-serialisable lists."""
        return {"offset": self.offset.tolist(), "scale": self.scale.tolist(), "hot_pixels": self.hot_counts}


def channels_first(frame: NDArray[Any]) -> NDArray[Any]:
    """Turn (C, Y, X, S) into (C * S, Y, X); leave (C, Y, X) as it is."""
    if frame.ndim == 3:
        return frame
    c, y, x, s = frame.shape
    return np.moveaxis(frame, -1, 1).reshape(c * s, y, x)


def samples_last(frame: NDArray[Any], samples: int) -> NDArray[Any]:
    """Undo `channels_first`."""
    if samples == 1:
        return frame
    cs, y, x = frame.shape
    return np.moveaxis(frame.reshape(cs // samples, samples, y, x), 1, -1)


def measure(movie: Movie) -> Normalisation:
    """Measure a movie's 0.1 and 99.9 percentiles, and hot pixels, on a fixed, seeded sample of at most 32 frames.

    Parameters
    ----------
    movie : Movie

    Returns
    -------
    Normalisation
        ``offset`` is the lower percentile and ``scale`` the range, or more where a few pixels are much brighter; a
        constant channel gets scale 1.
    """
    size = movie.header.size
    rng = np.random.default_rng(SEED)
    columns, search, brightest = [], Search(), []
    places = _sample_places(size.t, size.z, rng)
    for i, (t, z) in enumerate(places):
        frame = channels_first(movie.frame(t, z))
        if i % -(-len(places) // SEARCHED) == 0:
            search.see(frame)
            brightest.append([brightest_pair(plane) for plane in frame])
        flat = frame.reshape(len(frame), -1)
        columns.append(flat[:, _pixel_sample(flat.shape[1], rng)].astype(np.float64))
    values = np.concatenate(columns, axis=1)
    values[~np.isfinite(values)] = np.nan
    offset, scale = np.zeros(len(values)), np.ones(len(values))
    for c, row in enumerate(values):
        finite = row[np.isfinite(row)]
        if finite.size:
            low, high = np.percentile(finite, (LOWER, UPPER))
            offset[c] = low
            scale[c] = max(high - low, (np.max(brightest, axis=0)[c] - low) / BRIGHTEST) or 1.0
    return Normalisation(offset, scale, search.found(scale))


def _sample_places(n_t: int, n_z: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Places (t, z) spread over the movie: all of them, or one from each of 32 equal strata."""
    total = n_t * n_z
    if total <= MAX_FRAMES:
        flat = np.arange(total)
    else:
        edges = np.linspace(0, total, MAX_FRAMES + 1)
        flat = np.floor(edges[:-1] + rng.random(MAX_FRAMES) * np.diff(edges)).astype(int)
    return [divmod(int(i), n_z) for i in flat]


def _pixel_sample(n: int, rng: np.random.Generator) -> Any:
    return slice(None) if n <= MAX_PIXELS else rng.integers(0, n, MAX_PIXELS)
