"""Things in a prediction that neither end of its gap explains: erased, invented, doubled, displaced, ghosts.

What the ends explain is the mixture of them that comes closest to the prediction: moved along the motion of the middle,
along that of the method where it tells one, along the forward and the backward flow, as they lie, and the lower and
upper of both moved ones. What is left is compared with what is usual: its variance is a sum of non-negative parts, each
in proportion to one piece of local evidence (how much the ends disagree, moved and as they lie; how much structure
there is; what is left around; noise), fitted to the frame itself. A method that is not exact at sharp or badly matched
structure is thereby measured by its own ways, without the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cafi.layers.smoothing import smooth
from cafi.quality.warnings.structure import Picture, spot_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cafi.quality.warnings.ends import Ends

    Flow = NDArray[np.float32]
    Plane = NDArray[np.float32]

SIZES = (1.0, 1.8, 3.0)  # pixels, standard deviations of what is looked for
NEAR, WIDE = 2.0, 6.0  # times the size: neighbourhoods of the evidence
AROUND = 15.0  # pixels, over which what is left is usual
FLOOR = 0.5  # standard deviations of noise that are always usual
CLIPPED = 9.0  # times the usual variance: what exceeds it is a fault, and must not count as usual
STEPS = 20  # of the fit
PIXELS = 4096  # that the fit looks at
MIXED = 16_384  # pixels from which the mixture's weights are taken
AREA = 4.0  # pixels: what displaced things and ghosts leave is weak, but fills an area
AREA_WEIGHT = 2.5  # makes the usual maxima of single places and of areas about equal
BORDER = 8  # pixels that are not judged: content enters and leaves there
USUAL = 4.0  # score that the frames of any movie may reach, as the largest of so many random numbers does
THRESHOLD = 1.4  # times the usual score of the movie; benchmarks/faults.py says how it was found


@dataclass(frozen=True)
class Unexplained:
    """The least plausible place of one predicted plane.

    Attributes
    ----------
    score : float
        How large what is left there is, in units of what is usual there.
    y, x : int
        Where, in pixels of the frame.
    """

    score: float
    y: int
    x: int


class Judge:
    """What the ends of one gap tell about any prediction in it.

    Parameters
    ----------
    ends : Ends
    told : tuple of ndarray of float32, shape (Y, X, 2), optional
        Displacement (x, y) to both ends by which the method says that it made its predictions, in pixels of the copies.
    """

    def __init__(self, ends: Ends, told: tuple[Flow, Flow] | None = None) -> None:
        t, motion = ends.t, ends.motion
        pairs = [ends.moved] if told is None else [ends.moved, ends.along(*told)]
        mixed = [ends.before, ends.after, *ends.along(t * motion.backward, (1 - t) * motion.forward)]
        for first, last in pairs:
            mixed += [first, last]
            mixed += [Picture(np.minimum(first.plane, last.plane)), Picture(np.maximum(first.plane, last.plane))]
        self._block = ends.block
        self._mixtures = [_Mixture([picture.spots(size) for picture in mixed]) for size in SIZES]
        self._evidence = [_evidence(ends, pairs, size) for size in SIZES]

    def find(self, mean: Picture) -> Unexplained:
        """Find the least plausible place of a prediction, as small as the ends."""
        seen = self.score_map(mean)
        edge = BORDER if min(seen.shape) > 3 * BORDER else 0
        inner = seen[edge : seen.shape[0] - edge, edge : seen.shape[1] - edge]
        y, x = np.unravel_index(int(inner.argmax()), inner.shape)
        return Unexplained(float(inner[y, x]), (int(y) + edge) * self._block, (int(x) + edge) * self._block)

    def score_map(self, mean: Picture) -> Plane:
        """Return for every pixel how unusual is what no mixture of the ends explains, shape (Y, X)."""
        best = np.zeros_like(mean.plane)
        for size, mixture, evidence in zip(SIZES, self._mixtures, self._evidence, strict=True):
            left = np.square(mixture.left_of(mean.spots(size)))
            best = np.maximum(best, left / usual(left, [smooth(left, AROUND), *evidence]))
        return np.asarray(np.sqrt(np.maximum(best, AREA_WEIGHT**2 * smooth(best, AREA))), np.float32)


def usual(squares: Plane, evidence: Sequence[Plane]) -> Plane:
    """Fit variances to squares of values of mean zero: a sum of evidence with non-negative weights.

    Maximum likelihood of normal variables by multiplicative updates (Itakura-Saito divergence; Fevotte et al., Neural
    Computation 21, 2009), each square clipped to what is still usual. The last piece of evidence has a weight of at
    least one.

    Parameters
    ----------
    squares : ndarray of float32, shape (Y, X)
    evidence : sequence of ndarray of float32, shape (Y, X)
        Not negative; the last one positive.

    Returns
    -------
    ndarray of float32, shape (Y, X)
    """
    step = squares.size // PIXELS + 1
    parts = np.stack([plane.ravel()[::step] for plane in evidence]).astype(np.float64)
    parts /= (scale := np.maximum(parts.mean(1, keepdims=True), 1e-30))
    least = scale[-1] * parts[-1]
    seen = squares.ravel()[::step] + least
    weights = np.full(len(parts), np.median(seen) / len(parts))
    for _ in range(STEPS):
        variance = np.maximum(weights @ parts, least)
        clipped = np.minimum(seen, CLIPPED * variance)
        weights *= np.sqrt((parts @ (clipped / variance**2)) / (parts @ (1 / variance)))
    weights /= scale[:, 0]
    fitted = sum(np.float32(w) * plane for w, plane in zip(weights, evidence, strict=True))
    return np.asarray(np.maximum(fitted, evidence[-1]), np.float32)


class _Mixture:
    """Sums of planes (Y, X), by least squares."""

    def __init__(self, planes: Sequence[Plane]) -> None:
        self._planes = planes
        self._step = planes[0].size // MIXED + 1
        self._seen = np.stack([self._sample(plane) for plane in planes])
        # Not by BLAS, whose threads would wait busily beside a network at work.
        products = np.einsum("ip,jp->ij", self._seen, self._seen).astype(np.float64)
        # Ends that are alike make planes that are alike: the pseudo-inverse divides the weight among them.
        self._inverse = np.linalg.pinv(products, 1e-6, hermitian=True)

    def left_of(self, plane: Plane) -> Plane:
        """What the sum that comes closest leaves of a plane."""
        weights = self._inverse @ np.einsum("ip,p->i", self._seen, self._sample(plane)).astype(np.float64)
        left = plane
        for weight, part in zip(weights, self._planes, strict=True):
            left = np.asarray(cv2.scaleAdd(part, -float(weight), left), np.float32)
        return left

    def _sample(self, plane: Plane) -> NDArray[np.float32]:
        return plane.ravel()[:: self._step]


def _evidence(ends: Ends, pairs: Sequence[tuple[Picture, Picture]], size: float) -> list[Plane]:
    differing = [first.spots(size) - last.spots(size) for first, last in (*pairs, (ends.before, ends.after))]
    squares = [np.square(plane) for plane in (*differing, ends.moved[0].spots(size))]
    local = [smooth(plane, reach * size) for plane in squares for reach in (NEAR, WIDE)]
    return [*local, np.square(FLOOR * spot_noise(ends.noise, size))]
