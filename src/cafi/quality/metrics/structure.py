"""Structural similarity: SSIM, its map, and MS-SSIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cafi.quality.metrics.ranges import Range

SIGMA = 1.5
WINDOW = 11  # pixels: what scikit-image takes for sigma 1.5, truncated at 3.5
TRUNCATE = 3.5
UNIFORM_WINDOW = 7
C1, C2 = 0.01**2, 0.03**2  # for data range 1
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the five scales of MS-SSIM (Wang et al. 2003, section 3.2)
MS_SMALLEST = WINDOW * 2 ** (len(WEIGHTS) - 1)  # pixels of a side: one window at the coarsest scale


@dataclass(frozen=True)
class Moments:
    """Local moments of two frames, without the border that the window does not fill.

    Attributes
    ----------
    mean_x, mean_y, var_x, var_y, cov : ndarray of float64, shape (Y - W + 1, X - W + 1) for windows of W pixels
    """

    mean_x: NDArray[np.float64]
    mean_y: NDArray[np.float64]
    var_x: NDArray[np.float64]
    var_y: NDArray[np.float64]
    cov: NDArray[np.float64]


def moments(x: NDArray[np.float64], y: NDArray[np.float64]) -> Moments:
    """Take local moments with a Gaussian window of 11 pixels, sigma 1.5 (Wang et al. 2004, equations 14-16)."""
    from scipy.ndimage import gaussian_filter

    return _moments(x, y, lambda image: gaussian_filter(image, SIGMA, truncate=TRUNCATE), WINDOW // 2)


def uniform_moments(x: NDArray[np.float64], y: NDArray[np.float64]) -> Moments:
    """Take local moments with a uniform window of 7 pixels, as scikit-image does unless told otherwise."""
    from scipy.ndimage import uniform_filter

    return _moments(x, y, lambda image: uniform_filter(image, UNIFORM_WINDOW), UNIFORM_WINDOW // 2)


def _moments(x: NDArray[np.float64], y: NDArray[np.float64], smooth: Callable[..., Any], border: int) -> Moments:
    inner = slice(border, -border)

    def local(image: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(smooth(image)[inner, inner], np.float64)

    mean_x, mean_y = local(x), local(y)
    return Moments(mean_x, mean_y, local(x * x) - mean_x**2, local(y * y) - mean_y**2, local(x * y) - mean_x * mean_y)


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
    if min(truth.shape) < WINDOW:
        return float("nan")
    return float(_skimage_ssim(truth, prediction, scale, full=False))


def ssim_map(truth: NDArray[Any], prediction: NDArray[Any], scale: Range) -> NDArray[np.float32]:
    """Return SSIM for every pixel, shape (Y, X); NaN in frames smaller than the window. Parameters as in `ssim`."""
    if min(truth.shape) < WINDOW:
        return np.full(truth.shape, np.nan, np.float32)
    return np.asarray(_skimage_ssim(truth, prediction, scale, full=True)[1], np.float32)


def ms_ssim(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003, equation 7).

    Contrast and structure at five scales, each half as fine as the one before (means of 2 x 2 pixels), and
    luminance at the last, each averaged over the frame and clipped at 0.

    Parameters
    ----------
    x, y : ndarray of float64, shape (Y, X)
        Normalised frames with data range 1, of at least 176 pixels in each side.
    """
    score = 1.0
    for scale, weight in enumerate(WEIGHTS):
        m = moments(x, y)
        contrast = (2 * m.cov + C2) / (m.var_x + m.var_y + C2)
        if scale == len(WEIGHTS) - 1:
            contrast = contrast * (2 * m.mean_x * m.mean_y + C1) / (m.mean_x**2 + m.mean_y**2 + C1)
        score *= max(float(contrast.mean()), 0.0) ** weight
        x, y = _halved(x), _halved(y)
    return score


def _halved(image: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    blocks = image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float64)


def _skimage_ssim(truth: NDArray[Any], prediction: NDArray[Any], scale: Range, *, full: bool) -> Any:
    from skimage.metrics import structural_similarity

    return structural_similarity(  # type: ignore[no-untyped-call]
        scale.normalise(truth),
        scale.normalise(prediction),
        data_range=1.0,
        gaussian_weights=True,
        sigma=SIGMA,
        use_sample_covariance=False,
        full=full,
    )
