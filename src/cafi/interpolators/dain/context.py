"""Context: what surrounds every pixel, which synthesis sees beside the warped frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.dain.blocks import ResidualBlock

if TYPE_CHECKING:
    from torch import Tensor


class Context(nn.Module):
    """A 7 x 7 convolution and two dilated residual blocks; all of it, and the frame, side by side.

    Parameters
    ----------
    features : int
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, features, 7, padding=3, bias=False), nn.ReLU())
        self.block2 = ResidualBlock(features, dilation=4)
        self.block3 = ResidualBlock(features, dilation=8)

    def forward(self, frame: Tensor) -> Tensor:
        """Map frames (B, 3, Y, X) to context (B, 3 + 3 * features, Y, X)."""
        first = self.block1(frame)
        second = self.block2(first)
        return torch.cat([frame, first, second, self.block3(second)], 1)
