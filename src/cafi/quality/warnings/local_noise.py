"""Camera noise of each pixel, told from the acquired frames alone: variance against intensity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cafi.layers.smoothing import blur

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

BINS = 12  # of intensity, with equal numbers of pixels
MEDIAN = 0.6745  # of the absolute value of a standard normal variable
LEAST = 1e-3  # of the intensity range: clipped or empty regions have no noise
PIXELS = 20_000  # of each frame that are looked at, at least, where there are so many


def local_noise(*frames: Plane) -> Plane:
    """Return the standard deviation of camera noise at each pixel, from the ends of a gap, or from one frame.

    In each bin of intensity the median absolute diagonal detail of the Haar transform, in which smooth structure and
    straight edges cancel (Donoho and Johnstone 1994), made to rise with intensity as shot noise does.

    Parameters
    ----------
    *frames : ndarray of float32, shape (Y, X)
        Normalised.

    Returns
    -------
    ndarray of float32, shape (Y, X)
        At least 1e-3, and half of what is usual in the frame.
    """
    smooth = [blur(frame, 1.5) for frame in frames]
    step = max(1, frames[0].size // PIXELS)
    detail = np.concatenate([_detail(frame).ravel()[::step] for frame in frames])
    light = np.concatenate([plane.ravel()[::step] for plane in smooth])
    edges = np.quantile(light, np.linspace(0, 1, BINS + 1))
    part = np.clip(np.searchsorted(edges, light, side="right") - 1, 0, BINS - 1)
    found = [float(np.median(detail[part == i])) if (part == i).any() else 0.0 for i in range(BINS)]
    seen = detail[detail > 0]
    usual = float(np.median(seen)) if seen.size else 0.0
    rising = np.maximum(np.maximum.accumulate(found), usual / 2) / MEDIAN
    centres, first = np.unique((edges[1:] + edges[:-1]) / 2, return_index=True)
    noise = np.interp(sum(smooth) / len(smooth), centres, rising[first])
    return np.maximum(noise, LEAST).astype(np.float32)


def _detail(frame: Plane) -> Plane:
    wide = np.pad(frame, ((0, 1), (0, 1)), mode="reflect" if min(frame.shape) > 1 else "edge")
    corner = wide[:-1, :-1] - wide[1:, :-1] - wide[:-1, 1:] + wide[1:, 1:]
    return np.asarray(np.abs(0.5 * corner), np.float32)
