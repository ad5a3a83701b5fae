"""Things in a prediction that neither end of its gap explains: erased, invented, doubled, displaced, ghosts.

A pixel is explained where what is about as large as a spot lies in the range that one of several mixtures of the ends
shows within two pixels: the ends moved along their optical flow, their mean, or the mean as they lie. What is left is
compared with what is left around it, so that one place among many rough ones is not reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.quality.intervals.features import blur
from cafi.quality.warnings.ends import spot_noise, spots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cafi.quality.warnings.ends import Ends

    Plane = NDArray[np.float32]

SIZES = (1.0, 1.8, 3.0)  # pixels, standard deviations of what is looked for
NEAR = np.ones((5, 5), np.uint8)  # two pixels around: how far a spot may be misplaced
AROUND = 15.0  # pixels, over which what is left is usual
FLOOR = 2.5  # standard deviations of noise below which nothing is unusual
BORDER = 3  # pixels that are not judged: content enters and leaves there
USUAL = 4.0  # score that the frames of any movie may reach
THRESHOLD = 1.25  # times the usual score of the movie; benchmarks/faults.py says how it was found


@dataclass(frozen=True)
class Unexplained:
    """The least plausible place of one predicted plane.

    Attributes
    ----------
    score : float
        How large what is left there is, in units of what is usual around it.
    y, x : int
        Where, in pixels of the frame.
    """

    score: float
    y: int
    x: int


def find(ends: Ends, mean: Plane) -> Unexplained:
    """Find the least plausible place of a prediction (Y, X), as small as the ends."""
    seen = score_map(ends, mean)
    edge = BORDER if min(seen.shape) > 3 * BORDER else 0
    inner = seen[edge : seen.shape[0] - edge, edge : seen.shape[1] - edge]
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return Unexplained(float(inner[y, x]), (int(y) + edge) * ends.block, (int(x) + edge) * ends.block)


def score_map(ends: Ends, mean: Plane) -> Plane:
    """Return for every pixel how unusual is what no mixture explains, shape (Y, X)."""
    mixtures = (ends.moved_blend, ends.still_blend, *ends.moved)
    best = np.zeros_like(mean)
    for size in SIZES:
        made = spots(mean, size)
        left = np.min([_outside(made, spots(mixture, size)) for mixture in mixtures], axis=0)
        usual = np.sqrt(np.square(FLOOR * spot_noise(ends.noise, size)) + blur(np.square(left), AROUND))
        best = np.maximum(best, left / usual)
    return np.asarray(best, np.float32)


def flagged(scores: Sequence[float], score: float) -> bool:
    """Whether a frame is to be reported, by its score and by those of all frames of its movie."""
    return score > THRESHOLD * max(USUAL, float(np.median(scores)))


def _outside(made: Plane, expected: Plane) -> Plane:
    """How far a plane lies outside of the range that another has around each pixel."""
    above = made - cv2.dilate(expected, NEAR)
    below = cv2.erode(expected, NEAR) - made
    return np.asarray(np.maximum(np.maximum(above, below), 0), np.float32)
