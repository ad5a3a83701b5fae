"""The whole network: a guess of motion, two corrections, synthesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.kymo.contrast import local_contrast
from cafi.interpolators.kymo.guess import guess_velocity
from cafi.interpolators.kymo.stages import FarStage, NearStage
from cafi.interpolators.kymo.synthesis import Synthesis
from cafi.layers.averaging import halved

if TYPE_CHECKING:
    from torch import Tensor

    from cafi.interpolators.kymo.motion import Motion, Window


@dataclass(frozen=True)
class Architecture:
    """The size of the network: channels of its parts.

    Attributes
    ----------
    far, farther, farthest : int
        Of the first stage at an eighth, a sixteenth and a thirty-second of the frame's size.
    near : int
        Of the second stage, at a quarter of the frame's size.
    synthesis : int
        At a quarter of the frame's size.
    """

    far: int = 64
    farther: int = 96
    farthest: int = 128
    near: int = 48
    synthesis: int = 48


@dataclass(frozen=True)
class Answer:
    """What the network says about a window.

    Attributes
    ----------
    mean, scale : Tensor of float32, shape (B, 1, Y, X)
        The frame at the wanted time, and the Laplace b of |measured - mean|.
    flows : Tensor of float32, shape (B, 4, 2, Y, X)
        Displacement (x, y) in pixels to each frame.
    steps : list of Motion
        After each stage, on half the frame's grid.
    features : Tensor, shape (B, near, Y / 4, X / 4)
    """

    mean: Tensor
    scale: Tensor
    flows: Tensor
    steps: list[Motion]
    features: Tensor


class Kymo(nn.Module):
    """Interpolation from four noisy frames of one channel; their sides divide by `MULTIPLE`."""

    MULTIPLE = 32

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.far = FarStage(architecture.far, architecture.farther, architecture.farthest)
        self.near = NearStage(architecture.far, architecture.near)
        self.synthesis = Synthesis(architecture.near, architecture.synthesis)

    def forward(self, window: Window, guess: Tensor | None = None) -> Answer:
        """Predict the frame at ``window.t``, from a guess of velocity if there is one already."""
        if guess is None:
            guess = guess_velocity(window)
        situation = torch.cat([window.t[:, None] - 0.5, window.valid], 1)
        there = window.valid[:, :, None, None]
        half = halved(window.frames)
        contrast = local_contrast(half) * there
        far, features = self.far(contrast, guess, window, situation)
        near, features = self.near(contrast, far, features, window, situation)
        mean, scale, flows = self.synthesis(window, half * there, near, features, situation)
        return Answer(mean, scale, flows, [far, near], features)


def parameters(network: nn.Module) -> int:
    """Count the trained numbers of a network."""
    return sum(torch.numel(p) for p in network.parameters())
