"""Frames as motion shows in them, in bright and dim places alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor

WINDOW = 9  # in steps of two pixels
LEAST_CONTRAST = 0.01  # of the normalised range: below this, contrast is not raised further


def local_contrast(frames: Tensor) -> Tensor:
    """Deviation from the mean of the surroundings, in their standard deviations over all frames.

    Parameters
    ----------
    frames : Tensor of float32, shape (B, K, Y, X)
        Y and X divisible by 2.

    Returns
    -------
    Tensor, same shape
    """
    # One yardstick for all frames of a window, so that what moves keeps its looks.
    small = functional.avg_pool2d(torch.cat([frames.mean(1, keepdim=True), (frames**2).mean(1, keepdim=True)], 1), 2)
    mean, square = box_mean(small, WINDOW).split(1, 1)
    spread = (square - mean**2).clamp_min(0).add(LEAST_CONTRAST**2).sqrt()
    around = functional.interpolate(
        torch.cat([mean, spread], 1), scale_factor=2.0, mode="bilinear", align_corners=False
    )
    return (frames - around[:, :1]) / around[:, 1:]
