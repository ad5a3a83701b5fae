"""Depth from one frame: the hourglass of MegaDepth (Chen et al. 2016; Li and Snavely, CVPR 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Inception(nn.ModuleList):
    """Branches with windows of several sizes, side by side.

    Parameters
    ----------
    inputs : int
    each : int
        Channels that each branch gives.
    middle : int
        Channels between the two convolutions of a branch.
    sides : tuple of int
        Of the windows; one more branch looks at single pixels.
    """

    def __init__(self, inputs: int, each: int, middle: int, sides: tuple[int, int, int]) -> None:
        branches = [nn.Sequential(*_normalised(inputs, each, 1))]
        branches += [nn.Sequential(*_normalised(inputs, middle, 1), *_normalised(middle, each, side)) for side in sides]
        super().__init__(branches)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, Y, X) to (B, 4 * each, Y, X)."""
        return torch.cat([branch(features) for branch in self], 1)


class Around(nn.Sequential):
    """Two ways through the same input, added up: usually one at this size, one at half of it.

    Parameters
    ----------
    first, second : list of Module
    """

    def __init__(self, first: list[nn.Module], second: list[nn.Module]) -> None:
        super().__init__(nn.ModuleList([nn.Sequential(*first), nn.Sequential(*second)]))

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, Y, X) to what both ways give."""
        first, second = self.get_submodule("0.0"), self.get_submodule("0.1")
        return first(features) + second(features)


def depth_network(unit: int) -> nn.Sequential:
    """Make the hourglass; it maps frames (B, 3, Y, X) of sides divisible by 16 to log depth (B, 1, Y, X).

    Parameters
    ----------
    unit : int
        Channels of the narrowest branch, to which all others are in proportion; 16 as published.
    """

    def inception(inputs: int, each: int, middle: int, sides: tuple[int, int, int]) -> Inception:
        return Inception(inputs * unit, each * unit, middle * unit, sides)

    near, far = (3, 5, 7), (3, 7, 11)

    def deep() -> Inception:
        return inception(16, 4, 2, near)

    def deep_far() -> Inception:
        return inception(16, 4, 4, far)

    def shallow() -> Inception:
        return inception(8, 2, 2, near)

    # From the innermost level outwards.
    level = Around([deep(), deep()], [nn.AvgPool2d(2), deep(), deep(), deep(), _larger()])
    level = Around([deep(), deep_far()], [nn.AvgPool2d(2), deep(), deep(), level, deep(), deep_far(), _larger()])
    inner = [nn.MaxPool2d(2), shallow(), inception(8, 4, 2, near), level, deep(), inception(16, 2, 2, near), _larger()]
    level = Around(inner, [shallow(), inception(8, 2, 4, far)])
    inner = [nn.MaxPool2d(2), shallow(), shallow(), level, inception(8, 2, 4, near), inception(8, 1, 2, far), _larger()]
    level = Around(inner, [inception(8, 1, 4, far)])
    wide, narrow = 8 * unit, 4 * unit
    first = [nn.Conv2d(3, wide, 7, padding=3), nn.BatchNorm2d(wide), nn.ReLU(inplace=True)]
    return nn.Sequential(*first, level, nn.Conv2d(narrow, 1, 3, padding=1))


def _larger() -> nn.Module:
    return nn.Upsample(scale_factor=2, mode="nearest")


def _normalised(inputs: int, outputs: int, side: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2)
    return [convolution, nn.BatchNorm2d(outputs, affine=False), nn.ReLU(inplace=True)]
