"""How much smoother predicted frames are than measured ones: the high-pass noise ratio.

Averaging two noisy frames halves the variance of their noise, and learned methods denoise as well. A run
therefore states, for each channel, the noise of its interpolated frames over that of the acquired ones. Below
1, interpolated and acquired frames must not be mixed in photon counting, in an analysis of variance or
fluctuations, or in a fit of FRAP curves: take the acquired frames alone, with `cafi restore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Ratios = list[float | None]

DIGITS = 4  # significant ones that are kept


def high_pass_noise(frame: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the noise of each channel: the median absolute diagonal detail of the Haar transform.

    The detail is half of a - b - c + d for each block of 2 x 2 pixels: smooth structure and straight edges
    along either axis cancel in it, and for white Gaussian noise the median is 0.6745 standard deviations
    (Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, 1994).

    Parameters
    ----------
    frame : ndarray of float, shape (C, Y, X)

    Returns
    -------
    ndarray of float64, shape (C,)
        In the unit of the frame; 0 where it is narrower than two pixels.
    """
    rows, columns = frame.shape[1] // 2 * 2, frame.shape[2] // 2 * 2
    if not (rows and columns):
        return np.zeros(len(frame))
    even, odd = frame[:, 0:rows:2, :columns], frame[:, 1:rows:2, :columns]
    detail = 0.5 * (even[..., 0::2] - even[..., 1::2] - odd[..., 0::2] + odd[..., 1::2])
    return np.asarray(np.median(np.abs(detail), axis=(1, 2)), np.float64)


def noise_ratios(
    predicted: NDArray[np.floating[Any]], before: NDArray[np.float64], after: NDArray[np.float64], samples: int = 1
) -> Ratios:
    """Compare one predicted frame with the acquired ends of its gap.

    Parameters
    ----------
    predicted : ndarray of float, shape (C * S, Y, X)
        Before it is rounded to integers: rounding would add noise of its own and hide the smoothing.
    before, after : ndarray of float64, shape (C * S,)
        `high_pass_noise` of the two ends.
    samples : int
        S, of an RGB pixel; the noise of a channel is the mean over them.

    Returns
    -------
    list of float or None, length C
        None where the acquired frames have no noise (constant, clipped or mostly empty ones).
    """
    made = high_pass_noise(predicted).reshape(-1, samples).mean(axis=1)
    measured = ((before + after) / 2).reshape(-1, samples).mean(axis=1)
    return [_rounded(m / a) if a > 0 else None for m, a in zip(made, measured, strict=True)]


def median_ratios(frames: Iterable[Ratios]) -> Ratios:
    """Return the median over all predicted frames for each channel; None where no frame tells."""
    columns = zip(*frames, strict=True)
    told = [[ratio for ratio in column if ratio is not None] for column in columns]
    return [_rounded(float(np.median(column))) if column else None for column in told]


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
