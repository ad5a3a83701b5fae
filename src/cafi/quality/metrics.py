"""PSNR and SSIM, with the one definition that all of cafi uses.

Per channel the movie's 0.1 percentile is subtracted and the 0.1-99.9 percentile range divided by; nothing is
clipped; the data range is 1. Scores are taken frame by frame; means over frames, then over movies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWER, UPPER = 0.1, 99.9
SIGMA = 1.5
WINDOW = 11  # pixels: what scikit-image takes for sigma 1.5, truncated at 3.5


@dataclass(frozen=True)
class Range:
    """The intensity range of one channel of a movie, to which scores refer.

    Attributes
    ----------
    low : float
        0.1 percentile.
    width : float
        99.9 percentile minus ``low``; 1 for a constant channel.
    """

    low: float
    width: float

    def normalise(self, frame: NDArray[Any]) -> NDArray[np.float64]:
        """Return (frame - low) / width in float64, not clipped."""
        return (np.asarray(frame, np.float64) - self.low) / self.width


def intensity_range(channel: NDArray[Any]) -> Range:
    """Measure the range of one channel of a whole movie.

    Parameters
    ----------
    channel : ndarray, any shape
        All its pixels; those that are not finite do not count.
    """
    values = channel[np.isfinite(channel)] if channel.dtype.kind == "f" else channel
    if values.size == 0:
        return Range(0.0, 1.0)
    low, high = np.percentile(values, (LOWER, UPPER))
    return Range(float(low), float(high - low) or 1.0)


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


def ssim(truth: NDArray[Any], prediction: NDArray[Any], scale: Range) -> float:
    """Structural similarity of one frame (Wang et al. 2004): Gaussian window, sigma 1.5, data range 1.

    Parameters
    ----------
    truth, prediction : ndarray, shape (Y, X)
        In the movie's own unit.
    scale : Range

    Returns
    -------
    float
        NaN for frames smaller than the window of 11 pixels.
    """
    from skimage.metrics import structural_similarity

    if min(truth.shape) < WINDOW:
        return float("nan")
    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            scale.normalise(truth),
            scale.normalise(prediction),
            data_range=1.0,
            gaussian_weights=True,
            sigma=SIGMA,
            use_sample_covariance=False,
        )
    )
