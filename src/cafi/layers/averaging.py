"""Means over square windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def box_mean(image: Tensor, side: int) -> Tensor:
    """Mean over the ``side`` x ``side`` window around every pixel, of what of it lies inside the image.

    Parameters
    ----------
    image : Tensor of float, shape (B, C, Y, X)
    side : int
        Odd, in pixels.

    Returns
    -------
    Tensor, same shape
    """
    # One axis after the other: 2 * side instead of side * side additions for each pixel.
    half = side // 2
    rows = functional.avg_pool2d(image, (1, side), 1, (0, half), count_include_pad=False)
    return functional.avg_pool2d(rows, (side, 1), 1, (half, 0), count_include_pad=False)


def halved(image: Tensor) -> Tensor:
    """Mean of each two by two pixels: (B, C, Y, X) with even sides to (B, C, Y / 2, X / 2)."""
    # Half-way between two pixels bilinear interpolation is their mean; on a CPU it is four times as fast as pooling.
    return functional.interpolate(image, scale_factor=0.5, mode="bilinear", align_corners=False)
