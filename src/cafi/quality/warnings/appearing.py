"""Things that appear or vanish in a gap, as at a division, a blink, or where something enters the focal plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.quality.warnings.structure import spot_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.warnings.ends import Ends

    Plane = NDArray[np.float32]

SIZE = 2.5  # pixels, standard deviation of a thing
FAR = 4  # pixels, within which a moved thing must be found again
CLEAR = 8.0  # noise standard deviations that make a thing
BRIGHT = 0.5  # of the bright structures of the frame, that a thing must reach as well
LOST = 0.35  # of its contrast: a thing that keeps less has vanished


def appearing(ends: Ends) -> tuple[int, int, int]:
    """Return how many things the later end alone shows, the earlier end alone, and how many there are in all."""
    first, last = (moved.spots(SIZE) for moved in ends.moved)
    least = np.maximum(CLEAR * spot_noise(ends.noise, SIZE), BRIGHT * np.percentile(np.maximum(first, last), 99))
    new, gone = _alone(last, first, least), _alone(first, last, least)
    return int(new.sum()), int(gone.sum()), int(max(_peaks(first, least).sum(), _peaks(last, least).sum()))


def _alone(here: Plane, there: Plane, least: Plane) -> NDArray[np.bool_]:
    kernel = np.ones((2 * FAR + 1, 2 * FAR + 1), np.uint8)
    return np.asarray(_peaks(here, least) & (cv2.dilate(there, kernel) < LOST * here))


def _peaks(image: Plane, least: Plane) -> NDArray[np.bool_]:
    peaks = (image == cv2.dilate(image, np.ones((7, 7), np.uint8))) & (image > least)
    peaks[:FAR], peaks[-FAR:], peaks[:, :FAR], peaks[:, -FAR:] = False, False, False, False
    return np.asarray(peaks)
