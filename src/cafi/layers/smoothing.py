"""Gaussian smoothing of one image, exact or fast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

COARSE = 4.0  # pixels, standard deviation from which on `smooth` works on a coarser grid
GRID = 2.0  # standard deviation that is left on that grid, at least


def blur(image: Plane, sigma: float) -> Plane:
    """Smooth an image (Y, X) with a Gaussian of ``sigma`` pixels, mirrored at its borders."""
    # Three standard deviations are enough for a local mean, and half the work of scipy's four.
    side = 2 * round(3 * sigma) + 1
    return np.asarray(cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REFLECT), np.float32)


def smooth(image: Plane, sigma: float) -> Plane:
    """Smooth as `blur` does, by a wide Gaussian on a coarser grid: about the same, and up to twenty times as fast."""
    if sigma < COARSE:
        return blur(image, sigma)
    step = 2 ** int(math.log2(sigma / GRID))
    height, width = image.shape
    coarse = cv2.resize(image, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
    # Averaging over blocks smooths by a variance of step^2 / 12, linear interpolation between them by step^2 / 6.
    blurred = blur(np.asarray(coarse, np.float32), math.sqrt((sigma / step) ** 2 - 0.25))
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
