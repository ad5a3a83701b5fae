"""Interpolation kernels: how every pixel of both frames is fetched, estimated by a U-Net from both."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from cafi.interpolators.dain.blocks import convolution

if TYPE_CHECKING:
    from torch import Tensor

STAGES = 5  # halvings of the frame's size
KERNEL = 16  # 4 x 4


class KernelTrunk(nn.Sequential):
    """The U-Net without its heads; skips are added, not concatenated.

    Parameters
    ----------
    features : int
        Channels at full size; doubled at every stage down.
    """

    def __init__(self, features: int) -> None:
        widths = [features * 2**stage for stage in range(STAGES + 1)]
        layers: list[nn.Module] = [convolution(6, widths[0]), nn.ReLU()]
        for narrow, wide in pairwise(widths):
            layers += [convolution(narrow, wide), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [convolution(widths[-1], widths[-1]), nn.ReLU()]
        for wide, narrow in pairwise(reversed(widths)):
            up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            layers += [up, convolution(wide, narrow), nn.ReLU()]
        super().__init__(*layers)

    def forward(self, frames: Tensor) -> Tensor:
        """Map both frames (B, 6, Y, X) to (B, features, Y, X)."""
        features, skips = frames, []
        for layer in self:
            if isinstance(layer, nn.MaxPool2d):
                skips.append(features)
            features = layer(features)
            if isinstance(layer, nn.Upsample):
                features = features + skips.pop()
        return features


def kernel_head(features: int) -> nn.Sequential:
    """Return the head that gives one frame's kernels, (B, 16, Y, X), row by row; they need not sum to 1."""
    return nn.Sequential(convolution(features, features), nn.ReLU(), convolution(features, KERNEL))
