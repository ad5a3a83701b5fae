"""Synthesis: what is added to the blended frame, from everything that was warped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from cafi.interpolators.dain.blocks import ResidualBlock, convolution

if TYPE_CHECKING:
    from torch import Tensor


class Synthesis(nn.Sequential):
    """A 7 x 7 convolution, residual blocks and a last convolution to RGB; named block1, block2, ...

    Parameters
    ----------
    inputs, features, blocks : int
        Channels in and between, and residual blocks.
    """

    def __init__(self, inputs: int, features: int, blocks: int) -> None:
        super().__init__()
        first = nn.Sequential(nn.Conv2d(inputs, features, 7, padding=3), nn.ReLU())
        middle = [ResidualBlock(features) for _ in range(blocks)]
        for number, block in enumerate([first, *middle, nn.Sequential(convolution(features, 3))], 1):
            self.add_module(f"block{number}", block)
        # The receptive field on each side: 7 x 7, then two 3 x 3 for each block, then one.
        self.reach = 3 + 2 * blocks + 1

    def forward(self, warped: Tensor) -> Tensor:
        """Map what was warped (B, inputs, Y, X) to a correction (B, 3, Y, X)."""
        for block in self:
            warped = block(warped)
        return warped
