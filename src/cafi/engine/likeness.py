"""How alike two acquired frames are, as they lie and after the best global shift, seen on small copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cafi.layers.shifts import between, similarities

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 64  # of a small copy, at most, in its own pixels
NEAR = 0.065  # shift that counts as none, as a fraction of each side: what moves in the scene, moves so far
FLAT = 1e-4  # of the movie's intensity range: below it a copy shows nothing
APART = 5  # copy pixels: a second peak counts from here on
SMALLEST = 16  # copy pixels in a side: with fewer, chance alone makes frames look alike


@dataclass(frozen=True)
class SmallCopy:
    """A frame averaged over channels and square blocks, without its slow shading.

    Attributes
    ----------
    values : ndarray of float32, shape (Y // block, X // block)
        Zero mean, in units of the movie's intensity range.
    block : int
        Pixels of the frame in a side of one copy pixel.
    """

    values: NDArray[np.float32]
    block: int

    @property
    def flat(self) -> bool:
        """Whether it shows nothing, as a blank frame."""
        return bool(np.ptp(self.values) < FLAT)

    @property
    def structured(self) -> bool:
        """Whether neighbouring pixels agree, which those of pure noise do not."""
        values = self.values
        energy = float((values * values).mean())
        across = float((values[:, 1:] * values[:, :-1]).mean() + (values[1:] * values[:-1]).mean()) / 2
        return across > 0.5 * energy


@dataclass(frozen=True)
class Likeness:
    """How alike the two ends of a gap are; similarities are correlations of at most 1.

    Attributes
    ----------
    still : float
        Similarity as the frames lie, or shifted by up to 6.5 % of the side.
    best : float
        Similarity after the best shift.
    rival : float
        The highest similarity elsewhere; far below ``best`` where the peak is sharp.
    shift : tuple of float
        The best shift (y, x) of the content from the first frame to the second, in pixels of the frame.
    travel : float
        The same as a fraction of the frame's side; the larger of both axes.
    telling : bool
        Whether both frames show structure, or one of them alone shows nothing at all.
    """

    still: float
    best: float
    rival: float
    shift: tuple[float, float] = (0.0, 0.0)
    travel: float = 0.0
    telling: bool = True


ALIKE = Likeness(1.0, 1.0, 0.0, telling=False)
BLANK = Likeness(0.0, 0.0, 0.0)


def small_copy(frame: NDArray[np.float32]) -> SmallCopy:
    """Average a frame over its channels and over square blocks, and take away slow shading.

    Parameters
    ----------
    frame : ndarray of float32, shape (C, Y, X)
        Normalised and finite.

    Returns
    -------
    SmallCopy
        Of at most 64 pixels in the longer side.
    """
    from scipy.ndimage import uniform_filter

    plane = frame.mean(axis=0) if len(frame) > 1 else frame[0]
    height, width = plane.shape
    block = min(-(-max(height, width) // SIDE), height, width)
    rows, columns = height // block, width // block
    # Rows first: that sum runs along memory.
    sums = plane[: rows * block, : columns * block].reshape(rows, block, -1).sum(axis=1)
    values = sums.reshape(rows, columns, block).sum(axis=2) / block**2
    # Illumination and vignetting stay in place across a cut and would make any two scenes alike.
    values = values - uniform_filter(values, max(rows, columns) // 4 | 1)
    return SmallCopy((values - values.mean()).astype(np.float32), block)


def compare(first: SmallCopy, second: SmallCopy) -> Likeness:
    """Compare the two ends of a gap over all shifts that `cafi.layers.shifts.similarities` looks at."""
    if first.flat or second.flat:
        return ALIKE if first.flat and second.flat else BLANK
    if min(first.values.shape) < SMALLEST:
        return ALIKE
    surface = similarities(first.values, second.values)
    centre = (surface.shape[0] // 2, surface.shape[1] // 2)
    near = [int(NEAR * side) for side in first.values.shape]
    peak = np.unravel_index(int(surface.argmax()), surface.shape)
    y, x = int(peak[0]), int(peak[1])
    elsewhere = surface.copy()
    elsewhere[max(0, y - APART) : y + APART + 1, max(0, x - APART) : x + APART + 1] = -1
    moved = (y - centre[0] + between(surface[:, x], y), x - centre[1] + between(surface[y], x))
    return Likeness(
        still=float(surface[tuple(slice(c - n, c + n + 1) for c, n in zip(centre, near, strict=True))].max()),
        best=float(surface[y, x]),
        rival=float(elsewhere.max()),
        shift=(moved[0] * first.block, moved[1] * first.block),
        travel=max(abs(d) / side for d, side in zip(moved, first.values.shape, strict=True)),
        telling=first.structured and second.structured,
    )
