"""What there is of one size in an image: differences of Gaussians, their energy, and what noise leaves in them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.layers.smoothing import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

SURROUND = 2.5  # times the size of a spot: what is subtracted as background
LARGEST = float(np.finfo(np.float32).max)


class Picture:
    """An image, and its `spots` of each size, worked out only once.

    Parameters
    ----------
    plane : ndarray of float32, shape (Y, X)
    """

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._spots: dict[float, Plane] = {}

    def spots(self, size: float) -> Plane:
        """Return what is about as large as ``size``; see the function of this name."""
        if size not in self._spots:
            self._spots[size] = spots(self.plane, size)
        return self._spots[size]


def spots(image: Plane, size: float) -> Plane:
    """Keep what is about as large as ``size`` (standard deviation in pixels): a difference of Gaussians."""
    return smooth(image, size) - smooth(image, SURROUND * size)


def spot_noise(noise: Plane, size: float) -> Plane:
    """Return the standard deviation that white noise keeps in `spots`."""
    # Gaussians of widths s and k s: 1 / (4 pi s^2) + 1 / (4 pi k^2 s^2) - 2 / (2 pi (1 + k^2) s^2).
    k = SURROUND**2
    return np.asarray(noise * np.sqrt((1 + 1 / k - 4 / (1 + k)) / (4 * np.pi)) / size, np.float32)


def energy(image: Plane) -> float:
    """Return the mean of the squares of an image; infinite for absurd intensities, beyond what float32 can square."""
    mean = float(cv2.norm(image, cv2.NORM_L2SQR)) / image.size
    return mean if mean < LARGEST else math.inf
