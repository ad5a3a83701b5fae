"""The two acquired ends of a gap as warnings look at them: small, moved to the time of the prediction, with noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.interpolators.classical.dis import warp
from cafi.interpolators.classical.motion import estimate_motion
from cafi.quality.intervals.features import blur
from cafi.quality.warnings.local_noise import local_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.interpolators.classical.dis import Motion

    Plane = NDArray[np.float32]

SIDE = 320  # pixels, of what is looked at: larger frames are averaged over blocks
SURROUND = 2.5  # times the size of a spot: what is subtracted as background


@dataclass(frozen=True)
class Ends:
    """One channel of a gap.

    Attributes
    ----------
    before, after : ndarray of float32, shape (Y, X)
        Normalised, averaged over blocks.
    moved : tuple of ndarray of float32, shape (Y, X)
        The same, moved along their optical flow to time ``t``.
    motion : Motion
        In pixels of the copies.
    noise : ndarray of float32, shape (Y, X)
        Standard deviation of camera noise.
    t : float
        Of the prediction, in (0, 1).
    block : int
        Pixels of the frame in a side of one pixel of the copies.
    """

    before: Plane
    after: Plane
    moved: tuple[Plane, Plane]
    motion: Motion
    noise: Plane
    t: float
    block: int

    @property
    def still_blend(self) -> Plane:
        """What linear blending predicts."""
        return (1 - self.t) * self.before + self.t * self.after

    @property
    def moved_blend(self) -> Plane:
        """What plain motion compensation predicts."""
        return (1 - self.t) * self.moved[0] + self.t * self.moved[1]


def look(before: Plane, after: Plane, t: float) -> Ends:
    """Make small copies of the ends of a gap (Y, X), normalised, and estimate the motion between them."""
    block = block_of(before.shape)
    first, last = reduced(before, block), reduced(after, block)
    motion = estimate_motion(first, last)
    moved = warp(first, -t * motion.middle), warp(last, (1 - t) * motion.middle)
    return Ends(first, last, moved, motion, local_noise(first, last), t, block)


def block_of(shape: tuple[int, ...]) -> int:
    """How many pixels of a frame (..., Y, X) go into a side of one pixel of its small copy."""
    return -(-max(shape[-2:]) // SIDE)


def small(frame: Plane) -> Plane:
    """Make a small copy of all channels of a frame (C, Y, X)."""
    return np.stack([reduced(plane, block_of(frame.shape)) for plane in frame])


def reduced(plane: Plane, block: int) -> Plane:
    """Average a plane (Y, X) over square blocks; what is left over at the lower and right edge is cut off."""
    block = min(block, *plane.shape)
    if block == 1:
        return np.ascontiguousarray(plane, np.float32)
    rows, columns = (n // block for n in plane.shape)
    cut = plane[: rows * block, : columns * block]
    return np.ascontiguousarray(cut.reshape(rows, block, columns, block).mean(axis=(1, 3)), np.float32)


def spots(image: Plane, size: float) -> Plane:
    """Keep what is about as large as ``size`` (standard deviation in pixels): a difference of Gaussians."""
    return blur(image, size) - blur(image, SURROUND * size)


def spot_noise(noise: Plane, size: float) -> Plane:
    """Return the standard deviation that white noise keeps in `spots`."""
    # Gaussians of widths s and k s: 1 / (4 pi s^2) + 1 / (4 pi k^2 s^2) - 2 / (2 pi (1 + k^2) s^2).
    k = SURROUND**2
    return np.asarray(noise * np.sqrt((1 + 1 / k - 4 / (1 + k)) / (4 * np.pi)) / size, np.float32)
