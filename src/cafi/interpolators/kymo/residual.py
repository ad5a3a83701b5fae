"""What the network may add to the blended frames: detail, but no brightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor

WINDOW = 9  # in steps of four pixels
TINY = 1e-14  # keeps the slope of a square root finite


def only_detail(residual: Tensor, frame: Tensor) -> Tensor:
    """Take the local mean from a residual, and limit it to the local standard deviation of the frame.

    So no movie flickers between acquired and predicted frames, and nothing is written where nothing is.

    Parameters
    ----------
    residual, frame : Tensor of float32, shape (B, 1, Y, X)
        Y and X divisible by 4.

    Returns
    -------
    Tensor, same shape
    """
    centred = frame.detach() - frame.detach().mean((2, 3), keepdim=True)
    small = functional.avg_pool2d(torch.cat([centred, centred**2, residual], 1), 4)
    mean, square, offset = box_mean(small, WINDOW).split(1, 1)
    spread = ((square - mean**2).clamp_min(0) + TINY).sqrt()
    local = functional.interpolate(
        torch.cat([spread, offset], 1), scale_factor=4.0, mode="bilinear", align_corners=False
    )
    limit = local[:, :1]
    return torch.minimum(torch.maximum(residual - local[:, 1:], -limit), limit)
