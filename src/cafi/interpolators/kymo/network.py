"""The whole network: pyramid of frames, motion from coarse to fine, synthesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.encoder import Encoder
from cafi.interpolators.kymo.guess import at_level, guess_velocity
from cafi.interpolators.kymo.motion import Motion, MotionNetwork, Window, still
from cafi.interpolators.kymo.synthesis import Synthesis
from cafi.layers.warping import resize_flow

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Architecture:
    """The size of the network.

    Attributes
    ----------
    levels : int
        Of the pyramid; frame sides must divide by 4 * 2 ** (levels - 1).
    features, hidden, width : int
        Channels of the encoder, of the motion network, of the synthesis.
    radius : int
        Of the cost volume.
    depth : int
        Residual blocks of the motion network.
    """

    levels: int = 4
    features: int = 32
    hidden: int = 48
    width: int = 24
    radius: int = 3
    depth: int = 2


@dataclass(frozen=True)
class Answer:
    """What the network says about a window.

    Attributes
    ----------
    mean, scale : Tensor of float32, shape (B, 1, Y, X)
        The frame at the wanted time, and the Laplace b of |measured - mean|.
    flows : Tensor of float32, shape (B, 4, 2, Y, X)
        Displacement (x, y) in pixels to each frame.
    steps : list of Tensor, shape (B, 4, 2, Y / 4, X / 4) and coarser
        Displacements of every level, coarse first, after choosing and after refining, in pixels of its grid.
    memory : Tensor, shape (B, hidden, Y / 4, X / 4)
    """

    mean: Tensor
    scale: Tensor
    flows: Tensor
    steps: list[Tensor]
    memory: Tensor


class Kymo(nn.Module):
    """Coarse-to-fine interpolation from four noisy frames of one channel."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = Encoder(architecture.features)
        self.motion = MotionNetwork(architecture.features, architecture.hidden, architecture.radius, architecture.depth)
        self.synthesis = Synthesis(architecture.hidden, architecture.width)

    def forward(self, window: Window) -> Answer:
        """Predict the frame at ``window.t``."""
        motion, steps = self.estimate(window)
        flows = resize_flow(motion.flows(window).flatten(1, 2), 4).unflatten(1, (4, 2))
        mean, scale, flows = self.synthesis(window, flows, motion.memory)
        return Answer(mean, scale, flows, steps, motion.memory)

    def estimate(self, window: Window) -> tuple[Motion, list[Tensor]]:
        """Estimate motion at a quarter of the frame's size, and the flows of every level."""
        pyramid = [window.frames]
        for _ in range(1, self.architecture.levels):
            pyramid.append(functional.avg_pool2d(pyramid[-1], 2))
        guess = guess_velocity(window)
        motion, steps = None, []
        for frames in reversed(pyramid):
            features = self.encoder(frames.flatten(0, 1)[:, None]).unflatten(0, (-1, 4))
            motion = still(features, self.architecture.hidden) if motion is None else motion.finer()
            motion = self.motion.reconsider(features, motion, at_level(guess, features.shape[-2]), window)
            steps.append(motion.flows(window))
            motion = self.motion(features, motion, window)
            steps.append(motion.flows(window))
        if motion is None:
            raise ValueError("a pyramid needs at least one level")
        return motion, steps


def parameters(network: nn.Module) -> int:
    """Count the trained numbers of a network."""
    return sum(torch.numel(p) for p in network.parameters())
