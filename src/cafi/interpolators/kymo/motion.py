"""Motion at the wanted time, from coarse to fine, by one small network that serves every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from cafi.interpolators.kymo.blocks import Residual, channels_last, silent, upsample
from cafi.interpolators.kymo.choice import NARROW, Choice
from cafi.interpolators.kymo.matching import Matching
from cafi.layers.averaging import box_mean
from cafi.layers.warping import warp

if TYPE_CHECKING:
    from torch import Tensor


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

    def ends(self) -> Window:
        """Return the same with the two frames at the gap's ends alone."""
        return Window(self.frames[:, 1:3], self.times[:, 1:3], self.t, self.valid[:, 1:3])


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
        return elapsed * self.velocity[:, None] + self.deviation.unflatten(1, (-1, 2))


def still(features: Tensor, hidden: int) -> Motion:
    """No motion, for features of shape (B, 4, F, Y, X)."""
    b, _, _, height, width = features.shape
    empty = features.new_zeros((b, 1, height, width), dtype=torch.float32)
    return Motion(empty.expand(-1, 2, -1, -1), empty.expand(-1, 8, -1, -1), empty.expand(-1, hidden, -1, -1))


class MotionNetwork(nn.Module):
    """One step of refinement: choose between hypotheses, move the features accordingly, compare, correct.

    The comparison is a local cost volume between the two frames at the ends of the gap, both moved
    to the wanted time (PWC-Net, Sun et al. 2018; shared over levels as in UPR-Net, Jin et al. 2023).
    """

    def __init__(self, features: int, hidden: int, radius: int, depth: int) -> None:
        super().__init__()
        known = 4 * features + (2 * radius + 1) ** 2 + hidden + 12
        self.matching = Matching(features, radius)
        self.choice = Choice(hidden)
        self.enter = nn.Conv2d(known, hidden, 1)
        self.tune = nn.Linear(5, hidden)
        self.rectify = nn.LeakyReLU(0.1)
        self.body = nn.Sequential(*(Residual(hidden) for _ in range(depth)))
        self.leave = silent(hidden, 11)

    def forward(self, features: Tensor, motion: Motion, window: Window) -> Motion:
        """Refine ``motion`` with features of shape (B, 4, F, Y, X)."""
        moved = _moved(features, motion, window)
        similar = self.matching(moved[:, 1], moved[:, 2])
        best = self.matching.expected(box_mean(similar, NARROW))
        situation = torch.cat([window.t[:, None] - 0.5, window.valid], 1)
        displacements = torch.cat([best, motion.velocity, motion.deviation], 1) / 4
        known = channels_last([*moved.unbind(1), similar, motion.memory, displacements])
        memory = self.body(self.rectify(self.enter(known) + self.tune(situation)[:, :, None, None]))
        change = self.leave(memory).float()
        velocity = motion.velocity + change[:, :2] + change[:, 10:].sigmoid() * best
        return Motion(velocity, motion.deviation + change[:, 2:10], memory.float())

    def reconsider(self, features: Tensor, motion: Motion, guess: Tensor, window: Window) -> Motion:
        """Choose, pixel by pixel, between ``motion`` of the coarser level, a guess, and next to no motion.

        Parameters
        ----------
        features : Tensor, shape (B, 4, F, Y, X)
        motion : Motion
        guess : Tensor, shape (B, 2, Y, X)
            Displacement over the gap, in pixels of this level.
        window : Window
        """
        ends = features[:, 1:3]
        coarser = Motion(motion.velocity, motion.deviation[:, 2:6], motion.memory)
        guessed = Motion(guess, torch.zeros_like(coarser.deviation), motion.memory)
        moved = [_moved(ends, hypothesis, window.ends()) for hypothesis in (coarser, guessed)]
        similar = box_mean(self.matching(ends[:, 0], ends[:, 1]), NARROW)
        agreeing = [box_mean(self.matching.agreement(m[:, 0], m[:, 1]), NARROW) for m in moved]
        likeness = torch.cat([*agreeing, similar.amax(1, keepdim=True)], 1)
        shares = self.choice(likeness, motion.memory)
        velocities = torch.stack([motion.velocity, guess, self.matching.expected(similar)], 1)
        return Motion((shares[:, :, None] * velocities).sum(1), shares[:, :1] * motion.deviation, motion.memory)


def _moved(features: Tensor, motion: Motion, window: Window) -> Tensor:
    """Features of all frames at the wanted time, 0 where there is no frame."""
    moved = warp(features.flatten(0, 1), motion.flows(window).flatten(0, 1)).to(features.dtype)
    moved = moved * window.valid.flatten()[:, None, None, None].to(features.dtype)
    return moved.contiguous(memory_format=torch.channels_last).unflatten(0, features.shape[:2])
