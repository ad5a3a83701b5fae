"""Motion at the wanted time, from coarse to fine, by one small network that serves every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cafi.interpolators.kymo.blocks import Residual, channels_last, silent, upsample, convolution
from cafi.layers.averaging import box_mean
from cafi.layers.matching import local_similarity
from cafi.layers.warping import warp

if TYPE_CHECKING:
    from torch import Tensor

CONTRAST_WINDOW = 5  # pixels of a quarter of the frame's size
LEAST_CONTRAST = 0.01  # of the normalised range: below this, contrast is not raised further


@dataclass(frozen=True)
class Window:
    """Frames of one channel around a gap, and the wanted time.

    Attributes
    ----------
    frames : Tensor of float32, shape (B, 4, Y, X)
    times : Tensor of float32, shape (B, 4)
        0 and 1 for the second and third frame.
    t : Tensor of float32, shape (B,)
    valid : Tensor of float32, shape (B, 4)
        0 for a frame that only repeats the movie's end.
    """

    frames: Tensor
    times: Tensor
    t: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Motion:
    """Where the content of each pixel at the wanted time lies in each of the four frames.

    Attributes
    ----------
    velocity : Tensor, shape (B, 2, Y, X)
        Displacement (x, y) over the gap, in pixels of this level's grid.
    deviation : Tensor, shape (B, 8, Y, X)
        What uniform motion does not explain, (x, y) for each frame in turn.
    memory : Tensor, shape (B, hidden, Y, X)
        What the network passes on to the next finer level.
    """

    velocity: Tensor
    deviation: Tensor
    memory: Tensor

    def finer(self) -> Motion:
        """Bring everything to a grid twice as fine."""
        return Motion(2 * upsample(self.velocity), 2 * upsample(self.deviation), upsample(self.memory))

    def flows(self, window: Window) -> Tensor:
        """Return the displacement to each frame, shape (B, 4, 2, Y, X)."""
        elapsed = (window.times - window.t[:, None])[:, :, None, None, None]
        return elapsed * self.velocity[:, None] + self.deviation.unflatten(1, (4, 2))


def still(features: Tensor, hidden: int) -> Motion:
    """No motion, for features of shape (B, 4, F, Y, X)."""
    b, _, _, height, width = features.shape
    empty = features.new_zeros((b, 1, height, width), dtype=torch.float32)
    return Motion(empty.expand(-1, 2, -1, -1), empty.expand(-1, 8, -1, -1), empty.expand(-1, hidden, -1, -1))


class Encoder(nn.Sequential):
    """Features of one frame at a quarter of its size, from its intensity and from its local contrast."""

    def __init__(self, features: int) -> None:
        super().__init__(
            convolution(2, features // 2, 5, 2),
            convolution(features // 2, features, 3, 2),
            convolution(features, features),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map (B, 1, Y, X) to (B, features, Y / 4, X / 4)."""
        features: Tensor = super().forward(torch.cat([frames, local_contrast(frames)], 1))
        return features


def local_contrast(frames: Tensor) -> Tensor:
    """Deviation from the mean of the surroundings, in their standard deviations: alike in bright and dim places."""
    # The surroundings' mean and spread vary slowly: a quarter of the frame's size is enough for them.
    small = functional.avg_pool2d(torch.cat([frames, frames**2], 1), 4)
    mean, square = box_mean(small, CONTRAST_WINDOW).split(1, 1)
    spread = (square - mean**2).clamp_min(0).add(LEAST_CONTRAST**2).sqrt()
    around = functional.interpolate(torch.cat([mean, spread], 1), scale_factor=4.0, mode="bilinear", align_corners=False)
    return (frames - around[:, :1]) / around[:, 1:]


class MotionNetwork(nn.Module):
    """One step of refinement: move the features by what is known, compare, correct.

    The comparison is a local cost volume between the two frames at the ends of the gap, both moved
    to the wanted time (PWC-Net, Sun et al. 2018; shared over levels as in UPR-Net, Jin et al. 2023).
    """

    def __init__(self, features: int, hidden: int, radius: int, depth: int) -> None:
        super().__init__()
        self.radius = radius
        known = 4 * features + (2 * radius + 1) ** 2 + hidden + 12
        self.compare = nn.Conv2d(features, features, 1, bias=False)
        self.certainty = nn.Parameter(torch.tensor(10.0))
        self.enter = nn.Conv2d(known, hidden, 1)
        self.tune = nn.Linear(5, hidden)
        self.rectify = nn.LeakyReLU(0.1)
        self.body = nn.Sequential(*(Residual(hidden) for _ in range(depth)))
        self.leave = silent(hidden, 11)

    def forward(self, features: Tensor, motion: Motion, window: Window) -> Motion:
        """Refine ``motion`` with features of shape (B, 4, F, Y, X)."""
        flows = motion.flows(window)
        moved = warp(features.flatten(0, 1), flows.flatten(0, 1)).to(features.dtype)
        moved = moved * window.valid.flatten()[:, None, None, None].to(features.dtype)
        each = moved.contiguous(memory_format=torch.channels_last).unflatten(0, (-1, 4)).unbind(1)
        similar = local_similarity(self.compare(each[1]), self.compare(each[2]), self.radius)
        best = self._best_match(similar)
        situation = torch.cat([window.t[:, None] - 0.5, window.valid], 1)
        displacements = torch.cat([best, motion.velocity, motion.deviation], 1) / 4
        known = channels_last([*each, similar, motion.memory, displacements])
        memory = self.body(self.rectify(self.enter(known) + self.tune(situation)[:, :, None, None]))
        change = self.leave(memory).float()
        velocity = motion.velocity + change[:, :2] + change[:, 10:].sigmoid() * best
        return Motion(velocity, motion.deviation + change[:, 2:10], memory.float())

    def _best_match(self, similar: Tensor) -> Tensor:
        """Expected displacement (x, y) under a softmax over the similarities around a pixel; (B, 2, Y, X)."""
        d = torch.arange(-self.radius, self.radius + 1, device=similar.device, dtype=torch.float32)
        grid = torch.stack([d.repeat(len(d)), d.repeat_interleave(len(d))])
        around = box_mean(similar.float(), 5)
        weights = (self.certainty * around).softmax(1)
        return torch.einsum("kd,bdyx->bkyx", grid, weights)
