"""Does a predicted frame fit between the acquired ones: flicker, brightness pumping and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cafi.engine.noise import high_pass_noise, noise_ratios

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cafi.quality.metrics.ranges import Range

BLOCK = 8  # pixels: large enough that the mean of a block is steady under noise


def flicker(frame: NDArray[Any], before: NDArray[Any], after: NDArray[Any], t: float, scale: Range) -> float:
    """Measure how far the still parts of a frame leave the line between the acquired frames around it.

    Block means (8 x 8 pixels) in the half of the frame that changes least from the frame before to the frame after;
    root mean square of their distance from the linear blend at ``t``, over the channel's intensity range. A measured
    frame has some too, from its noise: compare with that.

    Parameters
    ----------
    frame, before, after : ndarray, shape (Y, X)
        At least 8 pixels in each side.
    t : float
        Place of the frame in the gap.
    scale : Range
    """
    middle, first, last = (_block_means(image) for image in (frame, before, after))
    change = np.abs(last - first)
    still = change <= np.median(change)
    distance = (middle - ((1 - t) * first + t * last))[still]
    return float(np.sqrt(np.mean(distance**2)) / scale.width)


def pumping(frame: NDArray[Any], before: NDArray[Any], after: NDArray[Any], t: float, scale: Range) -> float:
    """Measure how far the mean intensity of a frame leaves the line between those of the frames around it.

    Absolute, over the channel's intensity range. Parameters as in `flicker`.
    """
    middle, first, last = (float(np.mean(image, dtype=np.float64)) for image in (frame, before, after))
    return abs(middle - ((1 - t) * first + t * last)) / scale.width


def noise_ratio(prediction: NDArray[Any], before: NDArray[Any], after: NDArray[Any]) -> float:
    """Return the high-pass noise of a predicted frame over that of the acquired ones (`cafi.engine.noise`).

    Parameters
    ----------
    prediction, before, after : ndarray, shape (Y, X)
        The prediction neither rounded nor clipped.

    Returns
    -------
    float
        NaN where the acquired frames have no noise.
    """
    first, last, made = (np.asarray(frame, np.float64)[None] for frame in (before, after, prediction))
    [ratio] = noise_ratios(made, high_pass_noise(first), high_pass_noise(last))
    return float("nan") if ratio is None else ratio


def _block_means(image: NDArray[Any]) -> NDArray[np.float64]:
    rows, columns = image.shape[0] // BLOCK, image.shape[1] // BLOCK
    blocks = image[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64), np.float64)
