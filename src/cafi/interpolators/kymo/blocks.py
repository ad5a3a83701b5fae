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


def silent(inputs: int, outputs: int) -> nn.Conv2d:
    """Make a convolution that says zero until it has learned something."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def upsample(maps: Tensor) -> Tensor:
    """Bring (B, C, Y, X) to (B, C, 2 * Y, 2 * X)."""
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)


def channels_last(parts: list[Tensor]) -> Tensor:
    """Join maps along channels, in the dtype of the first, laid out as convolutions on a CPU read them fastest."""
    kind = parts[0].dtype
    return torch.cat([part.to(kind, memory_format=torch.channels_last) for part in parts], 1)
