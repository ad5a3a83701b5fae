"""Optical flow: PWC-Net (Sun et al., CVPR 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.dain.blocks import convolution
from cafi.layers.correlation import correlation
from cafi.layers.masked_warping import masked_warp

if TYPE_CHECKING:
    from torch import Tensor

# Channels of the published network, whose unit is 16.
UNIT = 16
PYRAMID = (16, 32, 64, 96, 128, 196)
DECODER = (128, 128, 96, 64, 32)
REFINER = (128, 128, 128, 96, 64, 32)
DILATIONS = (1, 2, 4, 8, 16, 1)
COARSEST, FINEST = 6, 2
RADIUS = 4  # of the correlation
SLOPE = 0.1
SCALE = 20.0  # pixels of the frame for each unit of flow


class FlowNetwork(nn.Module):
    """Features of both frames, warped and compared from coarse to fine.

    Parameters
    ----------
    unit : int
        Channels at the finest level of the pyramid, to which all others are in proportion; 16 as published.
    """

    def __init__(self, unit: int) -> None:
        super().__init__()
        self.pyramid = [width * unit // UNIT for width in PYRAMID]
        self._add_pyramid()
        for level in range(COARSEST, FINEST - 1, -1):
            self._add_decoder(level, [width * unit // UNIT for width in DECODER])
        self._add_refiner([width * unit // UNIT for width in REFINER])

    def _add_pyramid(self) -> None:
        inputs = 3
        for level, width in enumerate(self.pyramid, 1):
            self.add_module(names_at(level)[0], _active(inputs, width, stride=2))
            for name in names_at(level)[1:]:
                self.add_module(name, _active(width, width))
            inputs = width

    def _add_decoder(self, level: int, widths: list[int]) -> None:
        inputs = (2 * RADIUS + 1) ** 2
        if level < COARSEST:
            inputs += self.pyramid[level - 1] + 4  # own features, flow and features of the coarser level
        for number, width in enumerate(widths):
            self.add_module(f"conv{level}_{number}", _active(inputs, width))
            inputs += width
        self.add_module(f"predict_flow{level}", convolution(inputs, 2))
        # Published checkpoints hold one for the finest level too, with which nothing is computed.
        larger = nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1).requires_grad_(level > FINEST)
        self.add_module(f"deconv{level}", larger)
        if level > FINEST:
            self.add_module(f"upfeat{level}", nn.ConvTranspose2d(inputs, 2, 4, stride=2, padding=1))
        self.decoded = inputs

    def _add_refiner(self, widths: list[int]) -> None:
        inputs = self.decoded
        for number, (width, dilation) in enumerate(zip(widths, DILATIONS, strict=True), 1):
            self.add_module(f"dc_conv{number}", _active(inputs, width, dilation=dilation))
            inputs = width
        self.add_module(f"dc_conv{len(widths) + 1}", convolution(inputs, 2))

    def features(self, frame: Tensor) -> list[Tensor]:
        """Return features of a frame (B, 3, Y, X) at levels 1 (half the size) to 6."""
        found = []
        for level in range(1, COARSEST + 1):
            for name in names_at(level):
                frame = self.get_submodule(name)(frame)
            found.append(frame)
        return found

    def forward(self, first: Tensor, last: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Estimate flow between frames (B, 3, Y, X) of sides divisible by 64, from the first and from the last.

        Returns
        -------
        tuple of list of Tensor, shape (B, 2, Y / 4, X / 4) and coarser
            (x, y) in units of 20 pixels of the frame, finest level first.
        """
        there, back = self.features(first), self.features(last)
        ahead = [torch.cat(pair) for pair in zip(there, back, strict=True)]
        behind = [torch.cat(pair) for pair in zip(back, there, strict=True)]
        both = [level.chunk(2) for level in self.decode(ahead, behind)]
        return [forward for forward, _ in both], [backward for _, backward in both]

    def decode(self, first: list[Tensor], last: list[Tensor]) -> list[Tensor]:
        """Estimate flow from features of both frames; at every level, finest first."""
        dense, flow = self._dense(COARSEST, _compared(first[-1], last[-1]))
        found = [flow]
        for level in range(COARSEST - 1, FINEST - 1, -1):
            carried = self.get_submodule(f"deconv{level + 1}")(flow)
            features = self.get_submodule(f"upfeat{level + 1}")(dense)
            here, there = first[level - 1], last[level - 1]
            # `flow` counts in units of 20 pixels of the frame; a pixel of this level is 2 ** level of those.
            warped = masked_warp(there.float(), carried.float() * (SCALE / 2**level))
            dense, flow = self._dense(level, torch.cat([_compared(here, warped), here, carried, features], 1))
            found.append(flow)
        for number in range(1, len(REFINER) + 2):
            dense = self.get_submodule(f"dc_conv{number}")(dense)
        found[-1] = found[-1] + dense
        return found[::-1]

    def _dense(self, level: int, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return densely connected features, and the flow predicted from them."""
        for number in range(len(DECODER)):
            new = self.get_submodule(f"conv{level}_{number}")(features)
            features = torch.cat([new, features], 1)
        return features, self.get_submodule(f"predict_flow{level}")(features)


def names_at(level: int) -> tuple[str, str, str]:
    """Return the published names of a pyramid level's convolutions, in the order of their use."""
    middle = ("aa", "a") if level == COARSEST else ("a", "aa")
    return f"conv{level}{middle[0]}", f"conv{level}{middle[1]}", f"conv{level}b"


def _active(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(convolution(inputs, outputs, stride, dilation), nn.LeakyReLU(SLOPE, inplace=True))


def _compared(first: Tensor, last: Tensor) -> Tensor:
    return functional.leaky_relu(correlation(first, last, RADIUS), SLOPE)
