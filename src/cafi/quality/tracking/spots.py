"""Spot detection: maxima of the Laplacian of Gaussian at the spots' own size (Lindeberg 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_laplace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIAMETERS = (3.0, 4.0, 5.0, 7.0, 9.0, 12.0, 16.0, 22.0)  # pixels that are tried
SAMPLE = 8  # frames that are looked at for size and threshold
NOISES = 6.0  # a spot's response over the robust standard deviation of all responses
BRIGHTEST = 20  # places of a frame that tell the size


@dataclass(frozen=True)
class Detector:
    """How spots are found, in acquired and predicted frames alike.

    Attributes
    ----------
    diameter : float
        Of a spot, in pixels.
    threshold : float
        Least response, in the unit of intensity.
    """

    diameter: float
    threshold: float

    def find(self, frame: NDArray[np.floating]) -> NDArray[np.float64]:
        """Find the spots of one frame.

        Parameters
        ----------
        frame : ndarray of float, shape (Y, X)

        Returns
        -------
        ndarray of float64, shape (N, 2)
            (y, x) in pixels, refined by a parabola along each axis; none nearer to a border than one pixel.
        """
        answer = response(frame, self.diameter)
        at = _maxima(answer, self.diameter / 2, self.threshold)
        return np.asarray(
            at + np.stack([_vertex(answer, at, np.array(axis)) for axis in ((1, 0), (0, 1))], 1), np.float64
        )


def response(frame: NDArray[np.floating], diameter: float) -> NDArray[np.float64]:
    """Return the scale-normalised, negative Laplacian of Gaussian, high where a bright spot of this diameter is.

    A disc of radius r answers most to sigma = r / sqrt(2).

    Parameters
    ----------
    frame : ndarray of float, shape (Y, X)
    diameter : float
        In pixels.

    Returns
    -------
    ndarray of float64, shape (Y, X)
        In the unit of ``frame``.
    """
    sigma = diameter / 2 / 2**0.5
    return np.asarray(-(sigma**2) * gaussian_laplace(np.asarray(frame, np.float64), sigma, mode="nearest"))


def make_detector(
    frames: Sequence[NDArray[np.floating]], diameter: float | None = None, threshold: float | None = None
) -> Detector:
    """Decide size and threshold from acquired frames, so that no predicted frame has a say in them.

    Parameters
    ----------
    frames : sequence of ndarray of float, each of shape (Y, X)
        Acquired ones; at most eight, evenly spread, are looked at.
    diameter : float, optional
        In pixels; without it that of the diameters from 3 to 22 px to which the brightest places answer most.
    threshold : float, optional
        Least response; without it six robust standard deviations of the response.

    Returns
    -------
    Detector
    """
    chosen = [frames[i] for i in sample_of(len(frames))]
    if diameter is None:
        told = np.concatenate([_diameters(frame) for frame in chosen])
        diameter = float(np.median(told)) if told.size else DIAMETERS[0]
    if threshold is None:
        answers = np.concatenate([response(frame, diameter).ravel() for frame in chosen])
        middle = np.median(answers)
        threshold = float(middle + NOISES * 1.4826 * np.median(np.abs(answers - middle)))
    return Detector(diameter, threshold)


def sample_of(count: int) -> list[int]:
    """Return indices of at most eight of so many frames, evenly spread."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(int))]


def _diameters(frame: NDArray[np.floating]) -> NDArray[np.float64]:
    """At which of the diameters the brightest places of a frame answer most; those half as bright count too."""
    fitting = np.array([d for d in DIAMETERS if d <= min(frame.shape) / 4] or DIAMETERS[:1])
    cube = np.stack([response(frame, d) for d in fitting])
    best = cube.max(0)
    at = _maxima(best, 1, float(best.max()) / 2, most=BRIGHTEST)
    return np.asarray(fitting[cube[:, at[:, 0], at[:, 1]].argmax(0)])


def _maxima(answer: NDArray[np.float64], apart: float, threshold: float, most: float = np.inf) -> NDArray[np.int64]:
    """Places (N, 2) of local maxima above a threshold, the strongest first, none within ``apart`` of a stronger one."""
    from skimage.feature import peak_local_max

    distance = max(1, int(apart))
    found = peak_local_max(  # type: ignore[no-untyped-call]
        answer, min_distance=distance, threshold_abs=threshold, exclude_border=1, num_peaks=most, p_norm=2
    )
    return np.asarray(found, np.int64).reshape(-1, 2)


def _vertex(answer: NDArray[np.float64], at: NDArray[np.int64], axis: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where the parabola through a maximum and its two neighbours along an axis peaks, from the maximum, in pixels."""
    before, here, after = (answer[tuple((at + step * axis).T)] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    return np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)
