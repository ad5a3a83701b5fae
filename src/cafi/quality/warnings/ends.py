"""The two acquired ends of a gap as warnings look at them: small, moved to the time of the prediction, with noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.interpolators.classical.dis import warp
from cafi.interpolators.classical.motion import estimate_motion
from cafi.quality.warnings.local_noise import local_noise
from cafi.quality.warnings.structure import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.interpolators.classical.dis import Motion

    Plane = NDArray[np.float32]

SIDE = 320  # pixels, of what is looked at: larger frames are averaged over blocks


@dataclass(frozen=True)
class Ends:
    """One channel of a gap.

    Attributes
    ----------
    before, after : Picture
        Of shape (Y, X), normalised, averaged over blocks.
    moved : tuple of Picture
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

    before: Picture
    after: Picture
    moved: tuple[Picture, Picture]
    motion: Motion
    noise: Plane
    t: float
    block: int

    def still_blend(self, size: float) -> Plane:
        """Spots of what linear blending predicts."""
        return (1 - self.t) * self.before.spots(size) + self.t * self.after.spots(size)

    def moved_blend(self, size: float) -> Plane:
        """Spots of what plain motion compensation predicts."""
        return (1 - self.t) * self.moved[0].spots(size) + self.t * self.moved[1].spots(size)

    def along(self, to_before: Plane, to_after: Plane) -> tuple[Picture, Picture]:
        """Both ends, moved to time ``t`` along the displacements from there to them, each (Y, X, 2)."""
        return Picture(warp(self.before.plane, to_before)), Picture(warp(self.after.plane, to_after))


def look(before: Plane, after: Plane, t: float) -> Ends:
    """Make small copies of the ends of a gap (Y, X), normalised, and estimate the motion between them."""
    block = block_of(before.shape)
    first, last = reduced(before, block), reduced(after, block)
    motion = estimate_motion(first, last)
    moved = Picture(warp(first, -t * motion.middle)), Picture(warp(last, (1 - t) * motion.middle))
    return Ends(Picture(first), Picture(last), moved, motion, local_noise(first, last), t, block)


def block_of(shape: tuple[int, ...]) -> int:
    """How many pixels of a frame (..., Y, X) go into a side of one pixel of its small copy."""
    return -(-max(shape[-2:]) // SIDE)


def small(frame: Plane) -> Plane:
    """Make a small copy of all channels of a frame (C, Y, X)."""
    return np.stack([reduced(plane, block_of(frame.shape)) for plane in frame])


def small_motion(motion: Plane) -> tuple[Plane, Plane]:
    """Bring a method's displacements to both ends (2, 2, Y, X) to pixels of the small copies, each (Y, X, 2)."""
    block = block_of(motion.shape)
    first, last = (np.dstack([reduced(part, block) for part in way]) / np.float32(block) for way in motion)
    return first, last


def reduced(plane: Plane, block: int) -> Plane:
    """Average a plane (Y, X) over square blocks; what is left over at the lower and right edge is cut off."""
    block = min(block, *plane.shape)
    if block == 1:
        return np.ascontiguousarray(plane, np.float32)
    rows, columns = (n // block for n in plane.shape)
    cut = np.ascontiguousarray(plane[: rows * block, : columns * block], np.float32)
    return np.asarray(cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
