"""Hot and dead pixels of a camera: single ones that stand out from all their neighbours in every frame.

They stay where they are while things move, so a method would carry them along, or smear them. Methods are shown the
median of the neighbours in their place; in a predicted frame they are what both ends of the gap say there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_FRAMES = 4  # that must agree
RANGES = 2.0  # times the range of their values: so far beyond its neighbours does a hot pixel lie
LEAST = 0.05  # of the channel's range, besides
SMALLEST = 3  # pixels in a side, so that each has neighbours
MOST = 0.01  # of all pixels: more of them are texture
AROUND = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
KERNEL = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


class Search:
    """Looks at frames one by one, and remembers by how much each pixel stood out at least."""

    def __init__(self) -> None:
        self._least: NDArray[np.float32] | None = None
        self._frames = 0

    def see(self, planes: NDArray[Any]) -> None:
        """Look at one frame, shape (C * S, Y, X), in the movie's dtype."""
        if min(planes.shape[1:]) < SMALLEST:
            return
        with np.errstate(over="ignore", invalid="ignore"):  # absurd intensities; nothing is found among them
            now = np.stack([_outstanding(plane.astype(np.float32)) for plane in planes])
        self._least = now if self._least is None else np.minimum(self._least, now)
        self._frames += 1

    def found(self, scale: NDArray[np.float64]) -> NDArray[np.bool_] | None:
        """Return which pixels are hot or dead, shape (C * S, Y, X); None if none are.

        Parameters
        ----------
        scale : ndarray, shape (C * S,)
            The range of each channel.
        """
        if self._least is None or self._frames < FEWEST_FRAMES:
            return None
        hot = self._least > LEAST * scale[:, None, None]
        hot[hot.mean((1, 2)) > MOST] = False
        return hot if hot.any() else None


def _outstanding(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel lies beyond its neighbours, less `RANGES` times the range of these."""
    unknown = ~np.isfinite(plane)
    plane = np.where(unknown, np.float32(0), plane)
    high, low = cv2.dilate(plane, KERNEL), cv2.erode(plane, KERNEL)
    beyond = np.maximum(plane - high, low - plane) - RANGES * (high - low)
    return np.where(unknown, -np.inf, beyond).astype(np.float32)


def brightest_pair(plane: NDArray[Any]) -> float:
    """Return the largest finite value that a neighbour reaches too, so that no single pixel decides; plane (Y, X)."""
    with np.errstate(over="ignore"):
        known = plane.astype(np.float32)
    known[~np.isfinite(known)] = -np.inf
    return float(np.minimum(known, cv2.dilate(known, KERNEL)).max())


@dataclass(frozen=True)
class HotPixels:
    """What was measured at the hot pixels of one frame.

    Attributes
    ----------
    places : tuple of ndarray of int
        Channel (and sample), y and x of each.
    values : ndarray of float32
        Normalised.
    """

    places: tuple[NDArray[np.intp], ...]
    values: NDArray[np.float32]


def filled(planes: NDArray[np.float32], hot: NDArray[np.bool_]) -> tuple[NDArray[np.float32], HotPixels]:
    """Return normalised planes (C * S, Y, X) with hot pixels at the median of their neighbours, and what was there."""
    places = np.nonzero(hot)
    channel, y, x = places
    height, width = planes.shape[1:]
    around = [planes[channel, _mirrored(y + dy, height), _mirrored(x + dx, width)] for dy, dx in AROUND]
    calm = planes.copy()
    calm[places] = np.median(around, axis=0)
    return calm, HotPixels(places, planes[places])


def _mirrored(index: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Bring an index that is one beyond the border to the other side of the border's pixel."""
    inside = np.abs(index)
    return np.asarray(np.minimum(inside, 2 * (count - 1) - inside))


def put_back(frame: NDArray[np.float32], t: float, before: HotPixels | None, after: HotPixels | None) -> None:
    """Blend what both ends of a gap measured at hot pixels into a predicted frame (C * S, Y, X), in place."""
    if before is not None and after is not None:
        frame[before.places] = (1 - t) * before.values + t * after.values


def in_words(counts: Sequence[int], names: Sequence[str], zoom: int = 1) -> tuple[str, ...]:
    """Say how many there are, and what became of them; nothing where there are none."""
    told = ", ".join(f"{count} in channel {name}" for count, name in zip(counts, names, strict=True) if count)
    if not told:
        return ()
    after = "; in predicted frames they are blended from both ends of the gap" if zoom == 1 else ""
    return (
        f"Hot or dead pixels of the camera ({told}) were filled from their neighbours before frames were"
        f" predicted{after}.",
    )
