"""MicroSSIM: structural similarity with one intensity scale for a data set.

Plain SSIM saturates where a camera's offset is large against the signal. MicroSSIM subtracts the background and
finds the one factor for all predictions of a data set that makes them most similar to the truth (Ashesh, Deschamps
and Jug, MicroSSIM: Improved Structural Similarity for Comparing Microscopy Data, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.quality.metrics.structure import UNIFORM_WINDOW, WINDOW, Moments, moments, uniform_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BACKGROUND = 3  # percentile
K1, K2 = 0.01, 0.03
FITTED_PIXELS = 1 << 20  # that the factor is sought on, at most
SEED = 0


@dataclass(frozen=True)
class MicroScale:
    """How a data set is made comparable.

    Attributes
    ----------
    truth_background, prediction_background : float
        Third percentiles, in intensity units.
    largest : float
        Of the truth, without its background.
    factor : float
        By which predictions are multiplied (range-invariant factor).
    """

    truth_background: float
    prediction_background: float
    largest: float
    factor: float


def fit_micro_scale(truths: Sequence[NDArray[Any]], predictions: Sequence[NDArray[Any]]) -> MicroScale | None:
    """Find the scale of a data set.

    Parameters
    ----------
    truths, predictions : sequence of ndarray, shape (Y, X)
        In the same unit; finite; at least 11 pixels in each side.

    Returns
    -------
    MicroScale or None
        None where the truth shows nothing but background.
    """
    from scipy.optimize import minimize

    low_truth = float(np.percentile(np.stack(truths), BACKGROUND))
    low_prediction = float(np.percentile(np.stack(predictions), BACKGROUND))
    largest = max(float(truth.max()) for truth in truths) - low_truth
    if not largest > 0:
        return None
    pairs = [
        ((a - low_truth) / largest, (b - low_prediction) / largest) for a, b in zip(truths, predictions, strict=True)
    ]
    # As the published implementation does: uniform windows here, Gaussian ones in scores; constants of the last frame.
    found = _sample([uniform_moments(np.asarray(a, np.float64), np.asarray(b, np.float64)) for a, b in pairs])
    data_range = float(np.ptp(pairs[-1][0]))

    def dissimilarity(factor: NDArray[np.float64]) -> float:
        return -float(_similarity(found, float(factor[0]), data_range, UNIFORM_WINDOW).mean())

    best = minimize(dissimilarity, np.array([1.0]))
    return MicroScale(low_truth, low_prediction, largest, float(best.x[0]))


def micro_ssim(truth: NDArray[Any], prediction: NDArray[Any], scale: MicroScale) -> float:
    """Score one frame with the scale of its data set.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
        In the unit of the data set; the truth may not be constant.
    scale : MicroScale
    """
    a = (np.asarray(truth, np.float64) - scale.truth_background) / scale.largest
    b = (np.asarray(prediction, np.float64) - scale.prediction_background) / scale.largest
    return float(_similarity(moments(a, b), scale.factor, float(np.ptp(a)), WINDOW).mean())


def _similarity(m: Moments, factor: float, data_range: float, window: int) -> NDArray[np.float64]:
    """SSIM of every pixel when predictions are multiplied by a factor, with sample (co)variances."""
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    unbiased = window**2 / (window**2 - 1)
    luminance = (2 * factor * m.mean_x * m.mean_y + c1) / (m.mean_x**2 + factor**2 * m.mean_y**2 + c1)
    spread = unbiased * (m.var_x + factor**2 * m.var_y)
    return np.asarray(luminance * (2 * factor * unbiased * m.cov + c2) / (spread + c2), np.float64)


def _sample(found: Sequence[Moments]) -> Moments:
    """Put the moments of all frames together; of many pixels a seeded choice."""
    count = sum(m.cov.size for m in found)
    chosen: Any = slice(None)
    if count > FITTED_PIXELS:
        chosen = np.random.default_rng(SEED).integers(0, count, FITTED_PIXELS)

    def together(name: str) -> NDArray[np.float64]:
        return np.asarray(np.concatenate([getattr(m, name).ravel() for m in found])[chosen], np.float64)

    return Moments(*(together(name) for name in ("mean_x", "mean_y", "var_x", "var_y", "cov")))
