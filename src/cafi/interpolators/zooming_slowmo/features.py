"""What all parts of the network are built of, and the pyramid of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

Pyramid = list["Tensor"]  # features at full, half and a quarter of the size

INITIAL_SCALE = 0.1  # of residual branches: forty blocks begin close to doing nothing


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Make a 3x3 convolution with bias."""
    return nn.Conv2d(inputs, outputs, 3, stride, 1)


def rectify(features: Tensor) -> Tensor:
    """Leaky rectifier, slope 0.1."""
    return functional.leaky_relu(features, 0.1)


def enlarge(features: Tensor) -> Tensor:
    """Twice the size, bilinearly."""
    return functional.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = convolution(features, features)
        self.conv2 = convolution(features, features)
        for layer in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(layer.weight)
            layer.weight.data *= INITIAL_SCALE
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, features, Y, X) to the same shape."""
        result: Tensor = features + self.conv2(functional.relu(self.conv1(features)))
        return result


class FeaturePyramid(nn.Module):
    """Two more levels below given features, each at half the size of the one above."""

    def __init__(self, features: int) -> None:
        super().__init__()
        for level in (2, 3):
            self.add_module(f"fea_L{level}_conv1", convolution(features, features, stride=2))
            self.add_module(f"fea_L{level}_conv2", convolution(features, features))

    def pyramid(self, features: Tensor) -> Pyramid:
        """Return features (B, F, Y, X) and both levels below; Y and X are multiples of 4."""
        levels = [features]
        for level in (2, 3):
            first, second = (self.get_submodule(f"fea_L{level}_conv{k}") for k in (1, 2))
            levels.append(rectify(second(rectify(first(levels[-1])))))
        return levels
