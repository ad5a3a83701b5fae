"""Metrics that compare two frames pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cafi.quality.metrics.ranges import LOWER, UPPER, intensity_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.metrics.ranges import Range

__all__ = ["LOWER", "UPPER", "LinearFit", "linear_fit", "nrmse", "nrmse_published", "pearson", "psnr"]


class LinearFit(NamedTuple):
    """Truth as a linear function of the prediction.

    Attributes
    ----------
    gain : float
        1 for a calibrated prediction; above 1 where it is too flat.
    bias : float
        Of normalised intensities: 0 for a calibrated prediction.
    """

    gain: float
    bias: float


def psnr(truth: NDArray[Any], prediction: NDArray[Any], scale: Range) -> float:
    """Peak signal-to-noise ratio of one frame in dB, with data range 1 after normalisation.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
        In the movie's own unit.
    scale : Range

    Returns
    -------
    float
        Infinite for identical frames.
    """
    error = float(np.mean((scale.normalise(truth) - scale.normalise(prediction)) ** 2))
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def nrmse(truth: NDArray[Any], prediction: NDArray[Any], scale: Range) -> float:
    """Root mean squared error over the channel's intensity range; parameters as in `psnr`."""
    from skimage.metrics import mean_squared_error

    return float(np.sqrt(mean_squared_error(scale.normalise(truth), scale.normalise(prediction))))


def nrmse_published(truth: NDArray[Any], prediction: NDArray[Any]) -> float:
    """Return what the published system calls NRMSE, to compare with its tables: it is no root mean squared error.

    The truth is normalised by its own 0.1 and 99.9 percentiles, the prediction is fitted to it by least squares,
    and the square root of the mean absolute difference is taken. The fit hides errors of intensity.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
    """
    target = intensity_range(truth).normalise(truth)
    gain, bias = _least_squares(target, np.asarray(prediction, np.float64))
    return float(np.sqrt(np.mean(np.abs(target - (gain * prediction + bias)))))


def pearson(truth: NDArray[Any], prediction: NDArray[Any]) -> float:
    """Pearson's correlation coefficient over the pixels of one frame; neither may be constant."""
    from scipy.stats import pearsonr

    pair = (np.ravel(frame).astype(np.float64) for frame in (truth, prediction))
    return float(pearsonr(*pair).statistic)


def linear_fit(truth: NDArray[Any], prediction: NDArray[Any], scale: Range) -> LinearFit:
    """Fit truth = gain * prediction + bias by least squares over the pixels of one frame.

    The truth's noise does not bend this fit, as it would bend that of the prediction on the truth.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
        In the movie's own unit; the prediction may not be constant.
    scale : Range
    """
    return LinearFit(*_least_squares(scale.normalise(truth), scale.normalise(prediction)))


def _least_squares(target: NDArray[np.float64], source: NDArray[np.float64]) -> tuple[float, float]:
    from scipy.stats import linregress

    fit = linregress(np.ravel(source), np.ravel(target))
    return float(fit.slope), float(fit.intercept)
