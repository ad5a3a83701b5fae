"""What the parts of Kymo are built of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and leaky rectifier."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.LeakyReLU(0.1, inplace=True))


class Residual(nn.Module):
    """Two convolutions whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(convolution(channels, channels), nn.Conv2d(channels, channels, 3, padding=1))
        self.rectify = nn.LeakyReLU(0.1, inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, channels, Y, X) to the same shape."""
        result: Tensor = self.rectify(features + self.body(features))
        return result


class Entrance(nn.Module):
    """A convolution that is also told the wanted time and which frames exist."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.see = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.know = nn.Linear(5, outputs)
        self.rectify = nn.LeakyReLU(0.1, inplace=True)

    def forward(self, parts: list[Tensor], situation: Tensor) -> Tensor:
        """Map maps (B, any, Y, X) and a situation (B, 5) to (B, outputs, Y, X)."""
        features = self.see(channels_last(parts)) + self.know(situation)[:, :, None, None]
        result: Tensor = self.rectify(features)
        return result


class Hourglass(nn.Module):
    """Residual blocks on ever coarser grids, and back: each level sees twice as far as the one before it."""

    def __init__(self, width: int, *deeper: int) -> None:
        super().__init__()
        self.first = Residual(width)
        self.below = None
        if deeper:
            self.down = convolution(width, deeper[0], 3, 2)
            self.below = Hourglass(*deeper)
            self.up = nn.Conv2d(deeper[0], width, 1)
        self.last = Residual(width)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, Y, X) to the same shape; Y and X divide by 2 for each deeper level."""
        features = self.first(features)
        if self.below is not None:
            features = features + upsample(self.up(self.below(self.down(features))), 2)
        result: Tensor = self.last(features)
        return result


def silent(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    """Make a convolution that says zero until it has learned something."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def upsample(maps: Tensor, factor: int) -> Tensor:
    """Bring (B, C, Y, X) to a grid ``factor`` times as fine."""
    return functional.interpolate(maps, scale_factor=float(factor), mode="bilinear", align_corners=False)


def channels_last(parts: list[Tensor]) -> Tensor:
    """Join maps along channels, laid out as convolutions on a CPU read them fastest."""
    return torch.cat(parts, 1).contiguous(memory_format=torch.channels_last)


def unfold_pixels(maps: Tensor, factor: int) -> Tensor:
    """Pixel shuffle (Shi et al. 2016): (B, C * factor**2, Y, X) to (B, C, factor * Y, factor * X), contiguous."""
    b, c, height, width = maps.shape
    parts = maps.permute(0, 2, 3, 1).reshape(b, height, width, c // factor**2, factor, factor)
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(b, -1, factor * height, factor * width)
