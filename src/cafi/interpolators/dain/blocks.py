"""Pieces that several parts of DAIN are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class ResidualBlock(nn.Module):
    """relu(x + conv2(relu(conv1(x)))), 3 x 3 convolutions without bias.

    Parameters
    ----------
    channels : int
    dilation : int
        Of the first convolution.
    """

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, Y, X) to the same shape."""
        return (features + self.conv2(self.conv1(features).relu())).relu()


def convolution(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps the size but for its stride."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation)
