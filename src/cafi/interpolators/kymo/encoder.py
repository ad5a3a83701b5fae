"""Features of single frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import convolution
from cafi.layers.averaging import box_mean

if TYPE_CHECKING:
    from torch import Tensor

CONTRAST_WINDOW = 5  # pixels of a quarter of the frame's size
LEAST_CONTRAST = 0.01  # of the normalised range: below this, contrast is not raised further


class Encoder(nn.Module):
    """Features of one frame at a quarter of its size, from its intensity and from its local contrast."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(2, features // 2, 5, 2),
            convolution(features // 2, features, 3, 2),
            convolution(features, features),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map (B, 1, Y, X) to (B, features, Y / 4, X / 4)."""
        features: Tensor = self.body(torch.cat([frames, local_contrast(frames)], 1))
        return features


def local_contrast(frames: Tensor) -> Tensor:
    """Deviation from the mean of the surroundings, in their standard deviations: alike in bright and dim places."""
    # The surroundings' mean and spread vary slowly: a quarter of the frame's size is enough for them.
    small = functional.avg_pool2d(torch.cat([frames, frames**2], 1), 4)
    mean, square = box_mean(small, CONTRAST_WINDOW).split(1, 1)
    spread = (square - mean**2).clamp_min(0).add(LEAST_CONTRAST**2).sqrt()
    around = functional.interpolate(
        torch.cat([mean, spread], 1), scale_factor=4.0, mode="bilinear", align_corners=False
    )
    return (frames - around[:, :1]) / around[:, 1:]
