"""What the acquired frames around a gap tell about the error of a prediction, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.interpolators.classical.dis import warp
from cafi.interpolators.classical.motion import estimate_motion
from cafi.layers.smoothing import blur

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

SMALLEST_SPREAD = 2e-3  # of the intensity range: below it, differences are those of quantisation
DARKEST = 0.02  # of the intensity range: keeps the square root of shot noise from zero


@dataclass(frozen=True)
class Usual:
    """What each pixel of one channel shows over the whole movie.

    Attributes
    ----------
    mean, spread : ndarray of float32, shape (Y, X)
        Mean and standard deviation over acquired frames, normalised: fixed pattern, and where things happen.
    """

    mean: Plane
    spread: Plane


@dataclass(frozen=True)
class Features:
    """What is known of every pixel of one predicted plane.

    Attributes
    ----------
    width : ndarray of float32, shape (Y * X, F)
        Mostly logarithms of local differences; an interval's logarithmic half-widths are linear in them.
    shift : ndarray of float32, shape (Y * X, D)
        Other predictions minus this one; an interval's centre is linear in them.
    intensity : ndarray of float32, shape (Y * X,)
        Predicted, normalised.
    motion : ndarray of float32, shape (Y * X,)
        Estimated displacement over the gap in pixels.
    """

    width: NDArray[np.float32]
    shift: NDArray[np.float32]
    intensity: NDArray[np.float32]
    motion: NDArray[np.float32]

    def of(self, chosen: NDArray[np.integer]) -> Features:
        """Return those of some pixels."""
        return Features(*(part[chosen] for part in vars(self).values()))


def usual(frames: Sequence[Plane]) -> Usual:
    """Take the mean and the standard deviation of each pixel over acquired frames, each (Y, X), normalised."""
    together = np.stack(frames).astype(np.float64)
    # The mean of equal numbers may be off by its last bit: a spread that is not quite zero would hide constant pixels.
    varies = np.ptp(together, axis=0) > 0
    return Usual(together.mean(0).astype(np.float32), (together.std(0) * varies).astype(np.float32))


def measure(frames: NDArray[np.float32], t: float, mean: Plane, scale: Plane | None, pixels: Usual | None) -> Features:
    """Look at one predicted plane and at the acquired ones around it.

    Widths follow how much the two ends disagree, moved along their optical flow or as they lie, over several
    neighbourhoods; gradients; high-pass noise; intensity (shot noise); the spread of each pixel over time; and the
    network's own scale. Shifts are the differences to other plausible predictions, softer ones among them.

    Parameters
    ----------
    frames : ndarray of float32, shape (K, Y, X)
        Acquired, normalised; the gap lies between frames K/2-1 and K/2.
    t : float
        Of the prediction, in (0, 1).
    mean : ndarray of float32, shape (Y, X)
        The prediction, normalised, not rounded.
    scale : ndarray of float32, shape (Y, X), or None
        The network's own.
    pixels : Usual, or None
        None where it is not known, as in stacks: two widths and one shift less.
    """
    before, after = frames[len(frames) // 2 - 1], frames[len(frames) // 2]
    flow = estimate_motion(before, after).middle
    moved = warp(before, -t * flow), warp(after, (1 - t) * flow)
    apart, still = np.square(moved[0] - moved[1]), np.square(before - after)
    slope = _slope(blur(mean, 1))
    noise = np.square(before - blur(before, 1)) + np.square(after - blur(after, 1))
    speed = np.hypot(flow[..., 0], flow[..., 1])
    spreads = [np.sqrt(blur(apart, s)) for s in (1, 2, 4, 8)] + [np.sqrt(blur(still, s)) for s in (1, 4)]
    spreads += [slope, blur(slope, 3), speed, *(np.sqrt(blur(noise, s)) for s in (3, 8))]
    if pixels is not None:
        spreads += [pixels.spread, np.sqrt(blur(np.square(pixels.spread), 2))]
    if scale is not None:
        spreads.append(scale)
    wide = blur(mean, 2)
    light = [np.sqrt(np.maximum(mean, 0) + DARKEST), mean, wide, np.square(wide)]
    average = (1 - t) * moved[0] + t * moved[1]
    others = [
        average,
        (1 - t) * before + t * after,
        frames.mean(axis=0),
        np.minimum(*moved),
        np.maximum(*moved),
        blur(average, 1.5),
        (frames[0] + frames[-1]) / 2,
        *(blur(mean, s) for s in (0.7, 1.5, 4)),
    ]
    if pixels is not None:
        others.append(pixels.mean)
    return Features(
        width=_columns([*(np.log(s + SMALLEST_SPREAD) for s in spreads), *light]),
        shift=_columns([other - mean for other in others]),
        intensity=np.ascontiguousarray(mean, np.float32).ravel(),
        motion=np.ascontiguousarray(speed, np.float32).ravel(),
    )


def _slope(image: Plane) -> Plane:
    if min(image.shape) < 2:
        return np.zeros_like(image)
    return np.asarray(np.hypot(*np.gradient(image)), np.float32)


def _columns(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack([plane.ravel() for plane in planes], axis=1).astype(np.float32)
